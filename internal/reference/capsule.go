// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package reference

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The relevant parts of Capsule's objects.
type (
	meta struct {
		Name      string    `json:"name"`
		Namespace string    `json:"namespace"`
		UID       types.UID `json:"uid"`
	}

	subject struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	}

	setting struct {
		Kind       string   `json:"kind"`
		Operations []string `json:"operations"`
	}

	classList struct {
		Default              string   `json:"default"`
		Allowed              []string `json:"allowed"`
		AllowedRegex         string   `json:"allowedRegex"`
		metav1.LabelSelector `json:",inline"`
	}

	owner struct {
		subject       `json:",inline"`
		ProxySettings []setting `json:"proxySettings"`
	}

	tenant struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Owners          []owner           `json:"owners"`
			NodeSelector    map[string]string `json:"nodeSelector"`
			StorageClasses  *classList        `json:"storageClasses"`
			PriorityClasses *classList        `json:"priorityClasses"`
			RuntimeClasses  *classList        `json:"runtimeClasses"`
			IngressOptions  struct {
				AllowedClasses *classList `json:"allowedClasses"`
			} `json:"ingressOptions"`
		} `json:"spec"`
		Status struct {
			Owners []subject `json:"owners"`
		} `json:"status"`
	}

	rule struct {
		APIGroups  []string              `json:"apiGroups"`
		Resources  []string              `json:"resources"`
		Operations []string              `json:"operations"`
		Selector   *metav1.LabelSelector `json:"selector"`
	}

	proxySetting struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Subjects []struct {
				subject          `json:",inline"`
				ProxySettings    []setting `json:"proxySettings"`
				ClusterResources []rule    `json:"clusterResources"`
			} `json:"subjects"`
		} `json:"spec"`
	}

	globalProxySetting struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Rules []struct {
				Subjects         []subject `json:"subjects"`
				ClusterResources []rule    `json:"clusterResources"`
			} `json:"rules"`
		} `json:"spec"`
	}

	configuration struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Users                []subject `json:"users"`
			UserNames            []string  `json:"userNames"`
			UserGroups           []string  `json:"userGroups"`
			IgnoreUserWithGroups []string  `json:"ignoreUserWithGroups"`
		} `json:"spec"`
		Status struct {
			Users []subject `json:"users"`
		} `json:"status"`
	}
)
