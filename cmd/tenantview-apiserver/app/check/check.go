// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

var (
	apiServiceName = v1alpha1.SchemeGroupVersion.Version + "." + v1alpha1.GroupName
	apiServicePath = "/apis/apiregistration.k8s.io/v1/apiservices/" + apiServiceName
	listPath       = "/apis/" + v1alpha1.SchemeGroupVersion.String() + "/tenantnamespaces"
)

// result is the answer to one question.
type result struct {
	// about is what was asked about, and well what was found if that is in order.
	about, well string
	// problem is what is not in order, and hint what to do about it. Both are empty if all is well.
	problem, hint string
}

// String returns the lines that a person reads.
func (r result) String() string {
	if r.problem == "" {
		return fmt.Sprintf("ok    %s: %s\n", r.about, r.well)
	}
	text := fmt.Sprintf("FAIL  %s: %s\n", r.about, r.problem)
	if r.hint != "" {
		text += "      " + r.hint + "\n"
	}
	return text
}

// checker asks kube-apiserver. Each question ends after the timeout.
type checker struct {
	client  rest.Interface
	timeout time.Duration
}

func (c *checker) all(ctx context.Context) []result {
	available, service := c.apiService(ctx)
	list := c.list(ctx, service)
	// The APIService says the same of the same cause. Once is enough.
	if list.hint == available.hint {
		list.hint = ""
	}
	return []result{available, list}
}

// apiService is what matters of an APIService (k8s.io/kube-aggregator/pkg/apis/apiregistration/v1).
type apiService struct {
	Spec struct {
		Service  *struct{ Namespace, Name string }
		CABundle []byte
	}
	Status struct {
		Conditions []metav1.Condition
	}
}

// apiService asks whether kube-apiserver reaches the server. It also returns the APIService, or nil if that
// cannot be read.
func (c *checker) apiService(ctx context.Context) (result, *apiService) {
	r := result{about: "APIService " + apiServiceName}
	data, err := c.get(ctx, apiServicePath)
	service := &apiService{}
	if err == nil {
		err = json.Unmarshal(data, service)
	}
	if err != nil {
		r.problem, r.hint = err.Error(), hintForUnread(err)
		return r, nil
	}
	for _, condition := range service.Status.Conditions {
		if condition.Type != "Available" {
			continue
		}
		if condition.Status == metav1.ConditionTrue {
			r.well = "Available"
			return r, service
		}
		r.problem = fmt.Sprintf("not Available: %s: %s", condition.Reason, condition.Message)
		r.hint = hintFor(condition.Reason+": "+condition.Message, service)
		return r, service
	}
	r.problem = "kube-apiserver has not checked it yet"
	r.hint = "Ask again in a few seconds, or use --wait."
	return r, service
}

// list asks for tenantnamespaces as the caller, as any user does. service is for hints, and may be nil.
func (c *checker) list(ctx context.Context, service *apiService) result {
	r := result{about: "list of tenantnamespaces"}
	data, err := c.get(ctx, listPath+"?limit=500")
	list := &metav1.PartialObjectMetadataList{}
	if err == nil {
		err = json.Unmarshal(data, list)
	}
	if err != nil {
		r.problem, r.hint = err.Error(), hintForList(err, service)
		return r
	}
	more := ""
	if list.Continue != "" {
		more = "at least "
	}
	r.well = fmt.Sprintf("served, the caller sees %s%d", more, len(list.Items))
	return r
}

func (c *checker) get(ctx context.Context, uri string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// The first answer says what is wrong. The client would repeat the question after a 503.
	answer := c.client.Get().RequestURI(uri).SetHeader("Accept", "application/json").MaxRetries(0).Do(ctx)
	if err := answer.Error(); err != nil {
		return nil, withText(err)
	}
	return answer.Raw()
}

// withText adds to an error what kube-apiserver has said if that was no object of the API, such as the reason
// why it did not reach the server. client-go leaves it out of the message.
func withText(err error) error {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || status.Status().Details == nil {
		return err
	}
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeUnexpectedServerResponse && !strings.Contains(err.Error(), cause.Message) && cause.Message != "unknown" {
			return fmt.Errorf("%w: %s", err, cause.Message)
		}
	}
	return err
}

// join joins errors in one line.
func join(errs []error) error {
	var texts []string
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return errors.New(strings.Join(texts, ", "))
}
