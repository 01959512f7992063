# tenantview: see README.md. Everything that is needed besides Go, make and git (and gcc
# for the race detector) is built from source at versions pinned in go.mod files.

GO ?= go
LINT := $(GO) tool -modfile=$(CURDIR)/hack/tools/golangci-lint/go.mod golangci-lint
# The kubectl plugin is a module of its own.
PLUGIN := cmd/kubectl-tenantview
# Packages in which goroutines share state.
RACE := ./pkg/view/... ./pkg/tenancy/... ./pkg/source/... ./pkg/registry/... ./pkg/accessreview/... ./pkg/apiserver/...

# Only the race detector needs cgo. All else is compiled once, without it, for the demo and the tests.
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Try it

.PHONY: demo up down user clean
demo: ## Start a control plane with a sample cluster, and show what its users see
	@$(GO) run ./hack/dev/launch demo
up: ## Start a control plane with tenantview in the background
	@$(GO) run ./hack/dev/launch up
down: ## Stop what up has started
	@$(GO) run ./hack/dev down
user: ## Write a kubeconfig: make user NAME=carol MEMBER_OF=a,b
	@$(GO) run ./hack/dev user
clean: ## Stop everything and remove its state
	@$(GO) run ./hack/dev clean

##@ Work on it

.PHONY: build test unit race e2e clients bench bench-e2e
build: ## Build the server and the kubectl plugin into bin/
	$(GO) build -o bin/ ./cmd/tenantview-apiserver
	cd $(PLUGIN) && $(GO) build -ldflags='-s -w' -o $(CURDIR)/bin/ . && cp kubectl_complete-tenantview $(CURDIR)/bin/

test: unit race e2e ## Run all tests

unit: ## Run the unit tests
	$(GO) test $$($(GO) list ./... | grep -v /e2e)
	cd $(PLUGIN) && $(GO) test ./...

race: ## Run the tests of the concurrent packages with the race detector
	CGO_ENABLED=1 $(GO) test -race $(RACE)

e2e: ## Run the end-to-end tests on a real kube-apiserver and etcd
	$(GO) test -count=1 -p 1 -timeout=20m ./e2e/...

bench: ## Measure lists, changes, watches and memory, and compare the ratios with their targets
	rm -f bench.txt
	for run in 1 2 3 4 5; do $(GO) test -run='^$$' -bench=. -benchmem -benchtime=0.3s ./pkg/... >> bench.txt || exit 1; done
	$(GO) tool -modfile=hack/tools/go.mod benchstat bench.txt
	$(GO) run ./hack/benchcheck < bench.txt

bench-e2e: ## Measure what a user of a real control plane waits for
	TENANTVIEW_BENCH=1 $(GO) test -count=1 -p 1 -timeout=20m -v -run '^Test(List)?Latency$$' ./e2e ./e2e/watch

clients: ## Run the watches of other clients: controller-runtime, JavaScript, Python
	e2e/clients/install.sh
	TENANTVIEW_CLIENTS=1 $(GO) test -count=1 -timeout=10m ./e2e/clients

##@ Check it

.PHONY: generate verify lint tidy
generate: ## Generate clients, deep copies and OpenAPI definitions
	hack/generate.sh

verify: ## Check that generated files, formatting, modules and lint are in order
	hack/verify-generated.sh
	hack/verify-tidy.sh
	$(GO) vet ./...
	cd $(PLUGIN) && $(GO) vet ./...
	$(LINT) fmt --diff
	$(LINT) run ./...
	cd $(PLUGIN) && $(LINT) run ./...

lint: ## Run the linters
	$(LINT) run ./...
	cd $(PLUGIN) && $(LINT) run ./...

tidy: ## Tidy all modules
	for dir in . hack/controlplane hack/tools hack/tools/golangci-lint e2e/clients/controllerruntime $(PLUGIN); do (cd $$dir && $(GO) mod tidy) || exit 1; done
