// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package result is the form in which one run of the benchmark is stored.
package result

// Result is what one run of the benchmark measured.
type Result struct {
	// Size is small, medium or large.
	Size string `json:"size"`
	// Seed is the seed of the generator.
	Seed uint64 `json:"seed"`
	// Date is the day of the run, as in 2026-11-27.
	Date    string  `json:"date"`
	Commit  string  `json:"commit"`
	Machine Machine `json:"machine"`
	// Flags are the flags of a run that was not as usual, but the size.
	Flags string `json:"flags,omitempty"`
	// Objects are the seeded objects, in a fixed order.
	Objects []Count `json:"objects"`
	Start   []Start `json:"start"`
	// Lists has one entry for each case and number of clients.
	Lists  []Request `json:"lists"`
	Ratios []Ratio   `json:"ratios"`
	Events []Latency `json:"events"`
	// Memory is the memory of the server through the run.
	Memory []Sample `json:"memory"`
}

// Machine is where the benchmark ran.
type Machine struct {
	CPU               string `json:"cpu"`
	Cores             int    `json:"cores"`
	MemoryBytes       uint64 `json:"memoryBytes"`
	Kernel            string `json:"kernel"`
	GoVersion         string `json:"goVersion"`
	KubernetesVersion string `json:"kubernetesVersion"`
}

// Count is the number of objects of a resource.
type Count struct {
	Resource string `json:"resource"`
	Count    int    `json:"count"`
}

// Start is a start of the server: the time from exec to ready, and the memory of the server after that.
type Start struct {
	Name string `json:"name"`
	// RoleBindings is the number of RoleBindings of each namespace.
	RoleBindings int     `json:"roleBindings"`
	ReadySeconds float64 `json:"readySeconds"`
	// ResidentBytes is the resident memory of a server that was idle for a while. PeakBytes is the maximum.
	ResidentBytes uint64 `json:"residentBytes"`
	PeakBytes     uint64 `json:"peakBytes"`
}

// Request is the time of requests of one kind.
type Request struct {
	Name string `json:"name"`
	// Server is tenantview or kube-apiserver.
	Server string `json:"server"`
	// Format is JSON or Table.
	Format string `json:"format"`
	// Clients is the number of clients that sent requests at the same time.
	Clients int `json:"clients"`
	Items   int `json:"items"`
	// Bytes is the size of a body as transferred, which may be compressed.
	Bytes int `json:"bytes"`
	// Count is the number of measured requests.
	Count        int     `json:"count"`
	MedianMicros float64 `json:"medianMicros"`
	P99Micros    float64 `json:"p99Micros"`
	PerSecond    float64 `json:"perSecond"`
	// ServerCPUMicros and APIServerCPUMicros are the processor time of a request in tenantview-apiserver and
	// in kube-apiserver. They are 0 if they were not measured.
	ServerCPUMicros    float64 `json:"serverCPUMicros"`
	APIServerCPUMicros float64 `json:"apiServerCPUMicros"`
}

// Ratio compares two measurements, or one with a limit.
type Ratio struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Target is 0 if there is none. AtLeast means that the value should not be below it.
	Target  float64 `json:"target"`
	AtLeast bool    `json:"atLeast"`
	Holds   bool    `json:"holds"`
}

// Latency is the time from a write to its event at a client.
type Latency struct {
	Name            string  `json:"name"`
	Watches         int     `json:"watches"`
	WritesPerSecond float64 `json:"writesPerSecond"`
	// Count is the number of events that arrived.
	Count     int     `json:"count"`
	P50Micros float64 `json:"p50Micros"`
	P90Micros float64 `json:"p90Micros"`
	P99Micros float64 `json:"p99Micros"`
	// Terminated is the number of watches that the server ended.
	Terminated int `json:"terminated"`
}

// Sample is the memory of the server at some point of the run.
type Sample struct {
	When          string `json:"when"`
	ResidentBytes uint64 `json:"residentBytes"`
	HeapBytes     uint64 `json:"heapBytes"`
}
