// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
)

// volumes are the files of a Pod: a folder for each volume.
type volumes struct {
	nodes *Nodes
	dir   string
	// kubeconfig is the file that replaces the mounted token, if one is mounted.
	kubeconfig string
}

// write writes all volumes, or those files again that have changed.
func (v *volumes) write(ctx context.Context, o *corev1.Pod) error {
	for _, volume := range o.Spec.Volumes {
		files := make(map[string][]byte)
		switch {
		case volume.Secret != nil:
			s, err := v.nodes.client.CoreV1().Secrets(o.Namespace).Get(ctx, volume.Secret.SecretName, metav1.GetOptions{})
			if err != nil {
				return fmt.Errorf("volume %s: %w", volume.Name, err)
			}
			selectItems(files, s.Data, volume.Secret.Items)
		case volume.ConfigMap != nil:
			m, err := v.nodes.client.CoreV1().ConfigMaps(o.Namespace).Get(ctx, volume.ConfigMap.Name, metav1.GetOptions{})
			if err != nil {
				return fmt.Errorf("volume %s: %w", volume.Name, err)
			}
			selectItems(files, asBytes(m.Data), volume.ConfigMap.Items)
		case volume.EmptyDir != nil:
		case volume.Projected != nil:
			// The volume of the ServiceAccount's token, which admission adds.
			if err := v.writeKubeconfig(ctx, o, volume.Projected); err != nil {
				return fmt.Errorf("volume %s: %w", volume.Name, err)
			}
		default:
			return fmt.Errorf("volume %s is of a kind that is not known here", volume.Name)
		}
		if err := v.writeFiles(filepath.Join(v.dir, volume.Name), files); err != nil {
			return err
		}
	}
	return nil
}

func asBytes(data map[string]string) map[string][]byte {
	all := make(map[string][]byte)
	for k, d := range data {
		all[k] = []byte(d)
	}
	return all
}

func selectItems(files, data map[string][]byte, items []corev1.KeyToPath) {
	for _, item := range items {
		files[item.Path] = data[item.Key]
	}
	if len(items) == 0 {
		for k, d := range data {
			files[k] = d
		}
	}
}

// writeFiles replaces files whose content has changed, each at once.
func (v *volumes) writeFiles(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := os.WriteFile(path+".new", content, 0o600); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	return nil
}

// writeKubeconfig asks for the token that the volume names, bound to the Pod, once.
func (v *volumes) writeKubeconfig(ctx context.Context, o *corev1.Pod, projected *corev1.ProjectedVolumeSource) error {
	for _, source := range projected.Sources {
		token := source.ServiceAccountToken
		if token == nil || v.kubeconfig != "" {
			continue
		}
		request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
			ExpirationSeconds: token.ExpirationSeconds,
			BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: o.Name, UID: o.UID},
		}}
		request, err := v.nodes.client.CoreV1().ServiceAccounts(o.Namespace).CreateToken(ctx, o.Spec.ServiceAccountName, request, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		config := rest.AnonymousClientConfig(v.nodes.Admin)
		config.BearerToken = request.Status.Token
		file := filepath.Join(v.dir, "kubeconfig")
		if err := os.MkdirAll(v.dir, 0o700); err != nil {
			return err
		}
		if err := controlplane.WriteKubeconfig(file, "pod", config); err != nil {
			return err
		}
		v.kubeconfig = file
	}
	return nil
}

// inside replaces the paths of mounted files in an argument or a variable.
func (v *volumes) inside(container *corev1.Container, text string) string {
	for _, mount := range container.VolumeMounts {
		text = strings.ReplaceAll(text, strings.TrimSuffix(mount.MountPath, "/")+"/", filepath.Join(v.dir, mount.Name)+"/")
	}
	return text
}

// environment returns the variables of a container, and no others.
func (p *pod) environment(o *corev1.Pod, container *corev1.Container) ([]string, error) {
	if len(container.EnvFrom) > 0 {
		return nil, fmt.Errorf("envFrom is not known here")
	}
	var all []string
	for _, e := range container.Env {
		value := e.Value
		if from := e.ValueFrom; from != nil {
			switch {
			case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.name":
				value = o.Name
			case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.namespace":
				value = o.Namespace
			case from.FieldRef != nil && from.FieldRef.FieldPath == "status.podIP":
				value = p.ip
			case from.ResourceFieldRef != nil && from.ResourceFieldRef.Resource == "limits.memory":
				value = fmt.Sprint(container.Resources.Limits.Memory().Value())
			case from.ResourceFieldRef != nil && from.ResourceFieldRef.Resource == "limits.cpu":
				value = fmt.Sprint(container.Resources.Limits.Cpu().Value())
			default:
				return nil, fmt.Errorf("the source of the variable %s is not known here", e.Name)
			}
		}
		all = append(all, e.Name+"="+p.volumes.inside(container, value))
	}
	return all, nil
}
