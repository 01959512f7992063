# tenantview: see README.md. Everything that is needed besides Go, make and git (and gcc
# for the race detector) is built from source at versions pinned in go.mod files.

GO ?= go
LINT := $(GO) tool -modfile=$(CURDIR)/hack/tools/golangci-lint/go.mod golangci-lint
# Three programs are modules of their own: the server does not need what they depend on.
PLUGIN := cmd/kubectl-tenantview
IMAGES := hack/image
BENCH := hack/bench
# Packages in which goroutines share state.
RACE := ./pkg/view/... ./pkg/tenancy/... ./pkg/source/... ./pkg/registry/... ./pkg/accessreview/... ./pkg/frontproxy/... ./pkg/apiserver/... ./pkg/servingcert/... ./pkg/impersonate/...

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

.PHONY: build test unit race e2e clients fuzz bench bench-e2e bench-scale
build: ## Build the server and the kubectl plugin as they are released into bin/
	hack/build.sh bin/tenantview-apiserver
	cd $(PLUGIN) && $(GO) build -ldflags='-s -w' -o $(CURDIR)/bin/ . && cp kubectl_complete-tenantview $(CURDIR)/bin/

test: unit race e2e ## Run all tests

unit: ## Run the unit tests
	$(GO) test $$($(GO) list ./... | grep -v /e2e)
	cd $(IMAGES) && $(GO) test -count=1 ./...
	cd $(PLUGIN) && $(GO) test ./...
	cd $(BENCH) && $(GO) test ./...

race: ## Run the tests of the concurrent packages with the race detector
	CGO_ENABLED=1 $(GO) test -race $(RACE)

e2e: ## Run the end-to-end tests on a real kube-apiserver and etcd
	$(GO) test -count=1 -p 1 -timeout=20m ./e2e/...

fuzz: ## Run every fuzz target for FUZZTIME, or a minute, each
	hack/fuzz.sh

bench: ## Measure lists, changes, watches and memory, and compare the ratios with their targets
	rm -f bench.txt
	for run in 1 2 3 4 5; do $(GO) test -run='^$$' -bench=. -benchmem -benchtime=0.3s ./pkg/... >> bench.txt || exit 1; done
	$(GO) tool -modfile=hack/tools/go.mod benchstat bench.txt
	$(GO) run ./hack/benchcheck < bench.txt

# How many namespaces there are: small (5,000), medium (50,000) or large (200,000).
SIZE ?= small
bench-e2e: ## Measure tenantview behind a real kube-apiserver: make bench-e2e SIZE=medium
	$(GO) -C $(BENCH) run . -size=$(SIZE)
	$(GO) -C $(BENCH) run ./report

bench-scale: ## Measure how memory and CPU grow up to a million namespaces, and fit docs/scale.md to it
	$(GO) -C $(BENCH) run ./simulate

clients: ## Run the watches of other clients: controller-runtime, JavaScript, Python
	e2e/clients/install.sh
	TENANTVIEW_CLIENTS=1 $(GO) test -count=1 -timeout=10m ./e2e/clients

##@ Release it

# Where the image belongs, with or without a tag; without one, the tag is the version.
IMAGE ?= ghcr.io/tenantview/tenantview-apiserver
PLATFORMS ?= linux/amd64,linux/arm64

.PHONY: image image-push
image: ## Build the container image into bin/image, without a container engine
	@$(GO) -C $(IMAGES) run . build -image '$(IMAGE)' -platforms '$(PLATFORMS)'

image-push: ## Push the image of bin/image: make image-push IMAGE=registry/repository:tag
	@$(GO) -C $(IMAGES) run . push -image '$(IMAGE)'

##@ Check it

.PHONY: generate verify chart lint vulncheck alerts alerts-record tidy
generate: ## Generate clients, deep copies, OpenAPI definitions, the README of the chart, and artifacts
	hack/generate.sh
	hack/chart-readme.sh
	$(GO) run ./hack/artifacts

verify: ## Check that generated files, formatting, modules, lint, the chart and its alerts are in order
	hack/verify-generated.sh
	hack/verify-tidy.sh
	$(MAKE) chart alerts lint
	$(GO) -C $(BENCH) run ./report -check
	$(LINT) fmt --diff

chart: ## Check the Helm chart: lint, manifests, README, and what is rendered from it
	hack/verify-chart.sh
	$(GO) run ./hack/artifacts -check

lint: ## Run the linters
	for dir in . $(PLUGIN) $(IMAGES) $(BENCH); do (cd $$dir && $(GO) vet ./... && $(LINT) run --config=$(CURDIR)/.golangci.yml ./...) || exit 1; done

vulncheck: ## Check that the server calls no code with a known vulnerability
	hack/vulncheck.sh

alerts: ## Test the alerts and the dashboard on recorded samples
	cd hack/alerts && $(GO) vet . && $(GO) build -o $(CURDIR)/bin/promtool -tags=remove_all_sd github.com/prometheus/prometheus/cmd/promtool
	cd hack/alerts && $(GO) run . -promtool=$(CURDIR)/bin/promtool

alerts-record: ## Record the samples for the alerts again, after a change of metrics
	TENANTVIEW_RECORD=1 $(GO) test -count=1 -timeout=15m -run '^TestRecordMetrics$$' ./e2e

tidy: ## Tidy all modules
	for dir in $$(git ls-files 'go.mod' '*/go.mod' | xargs -n 1 dirname); do (cd $$dir && $(GO) mod tidy) || exit 1; done
