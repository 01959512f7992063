// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/internal/syncbuffer"
)

// pod runs the one container of a Pod. Only the loop of Nodes calls its methods, except kill.
type pod struct {
	nodes    *Nodes
	name, ip string
	output   syncbuffer.Buffer
	volumes  *volumes
	// told is the status that the API has.
	told       string
	started    metav1.Time
	terminated time.Time

	mu  sync.Mutex
	cmd *exec.Cmd
	// ended is closed when cmd has ended.
	ended chan struct{}
	// runs counts the starts. last is the time of the last one.
	runs int
	last time.Time
}

// backOff is the time after which a container that ended at once is started again.
const backOff = time.Second

// step starts a Pod, or looks after it.
func (p *pod) step(ctx context.Context, o *corev1.Pod) error {
	if len(o.Spec.Containers) != 1 || len(o.Spec.InitContainers) != 0 {
		return fmt.Errorf("only Pods with one container run here")
	}
	container := &o.Spec.Containers[0]
	if p.volumes == nil {
		p.started = metav1.Now()
		p.volumes = &volumes{nodes: p.nodes, dir: filepath.Join(p.nodes.Dir, string(o.UID))}
	}
	// As a kubelet does, wait for what is mounted, and follow its changes.
	if err := p.volumes.write(ctx, o); err != nil {
		return p.tell(ctx, o, corev1.PodPending, false, err.Error())
	}
	if p.cmd == nil {
		return p.start(o, container)
	}
	select {
	case <-p.ended:
		return p.restart(ctx, o, container)
	default:
	}
	// A kubelet restarts a container whose other probes fail. Here it does not become ready.
	ready := p.probe(container, container.StartupProbe) && p.probe(container, container.LivenessProbe) && p.probe(container, container.ReadinessProbe)
	return p.tell(ctx, o, corev1.PodRunning, ready, "")
}

func (p *pod) start(o *corev1.Pod, container *corev1.Container) error {
	environment, err := p.environment(o, container)
	if err != nil {
		return err
	}
	args := append([]string{}, container.Args...)
	if len(container.Command) > 0 {
		if filepath.Base(container.Command[0]) != filepath.Base(p.nodes.Program) {
			return fmt.Errorf("the image has no program %q", container.Command[0])
		}
		args = append(append([]string{}, container.Command[1:]...), args...)
	}
	for i := range args {
		args[i] = p.volumes.inside(container, args[i])
	}
	if kubeconfig := p.volumes.kubeconfig; kubeconfig != "" {
		args = append(args, "--kubeconfig="+kubeconfig)
	}
	if len(container.Ports) > 0 {
		args = append(args, "--bind-address="+Loopback(p.ip))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd := exec.Command(p.nodes.Program, args...)
	cmd.Env = environment
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	ended := make(chan struct{})
	if err := controlplane.StartChild(cmd, func(error) { close(ended) }); err != nil {
		return err
	}
	p.cmd, p.ended = cmd, ended
	p.runs++
	p.last = time.Now()
	return nil
}

// restart does what the Pod's restart policy says after its end.
func (p *pod) restart(ctx context.Context, o *corev1.Pod, container *corev1.Container) error {
	code := p.cmd.ProcessState.ExitCode()
	if o.Spec.RestartPolicy == corev1.RestartPolicyNever || (o.Spec.RestartPolicy == corev1.RestartPolicyOnFailure && code == 0) {
		phase := corev1.PodSucceeded
		if code != 0 {
			phase = corev1.PodFailed
		}
		return p.tell(ctx, o, phase, false, fmt.Sprintf("exit code %d", code))
	}
	if err := p.tell(ctx, o, corev1.PodRunning, false, fmt.Sprintf("exit code %d", code)); err != nil {
		return err
	}
	if time.Since(p.last) < backOff {
		return nil
	}
	return p.start(o, container)
}

// terminate begins to end a Pod, and returns whether it has ended.
func (p *pod) terminate(o *corev1.Pod) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return true
	}
	select {
	case <-p.ended:
		return true
	default:
	}
	if p.terminated.IsZero() {
		p.terminated = time.Now()
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	if grace := o.DeletionGracePeriodSeconds; grace != nil && time.Since(p.terminated) > time.Duration(*grace)*time.Second {
		p.nodes.Warnf("Pod %s did not end within its %d seconds of grace", p.name, *grace)
		_ = p.cmd.Process.Kill()
	}
	return false
}

func (p *pod) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// probes does not verify certificates, as a kubelet does not.
var probes = &http.Client{
	Timeout:   2 * time.Second,
	Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
}

// probe returns whether a probe succeeds. A container without a probe is always ready.
func (p *pod) probe(container *corev1.Container, probe *corev1.Probe) bool {
	if probe == nil {
		return true
	}
	get := probe.HTTPGet
	if get == nil {
		p.nodes.Warnf("Pod %s: only HTTP probes are known", p.name)
		return false
	}
	port := get.Port.IntValue()
	for _, cp := range container.Ports {
		if cp.Name == get.Port.String() {
			port = int(cp.ContainerPort)
		}
	}
	response, err := probes.Get(fmt.Sprintf("%s://%s:%d%s", strings.ToLower(string(get.Scheme)), Loopback(p.ip), port, get.Path))
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode < 400
}

// tell writes the Pod's status if it has changed.
func (p *pod) tell(ctx context.Context, o *corev1.Pod, phase corev1.PodPhase, ready bool, message string) error {
	state := fmt.Sprint(phase, ready, message, p.runs)
	if state == p.told {
		return nil
	}
	is := corev1.ConditionFalse
	if ready {
		is = corev1.ConditionTrue
	}
	now := metav1.Now()
	status := corev1.PodStatus{
		Phase: phase, Message: message, PodIP: p.ip, PodIPs: []corev1.PodIP{{IP: p.ip}}, StartTime: &p.started,
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: now},
			{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, LastTransitionTime: now},
			{Type: corev1.ContainersReady, Status: is, LastTransitionTime: now},
			{Type: corev1.PodReady, Status: is, LastTransitionTime: now},
		},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: o.Spec.Containers[0].Name, Image: o.Spec.Containers[0].Image, Ready: ready, RestartCount: int32(max(p.runs-1, 0)),
		}},
	}
	if phase == corev1.PodRunning && message == "" {
		status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{StartedAt: p.started}
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": o.UID}, "status": status})
	if err != nil {
		return err
	}
	if _, err := p.nodes.client.CoreV1().Pods(o.Namespace).Patch(ctx, o.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		return err
	}
	p.told = state
	return nil
}
