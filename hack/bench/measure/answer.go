// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// answer is an answer of an API server, of which only the number of its parts matters.
type answer struct {
	Items    []empty `json:"items"`
	Rows     []empty `json:"rows"`
	Kind     string  `json:"kind"`
	Metadata struct {
		Name            string `json:"name"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
}

type empty struct{}

// items returns the number of objects in the answer: of a list, of a Table, or the one that it is.
func (a *answer) items() int {
	if a.Metadata.Name != "" {
		return 1
	}
	return len(a.Items) + len(a.Rows)
}

// decode gets and decodes an answer.
func (c *client) decode(ctx context.Context, path, accept string) (*answer, error) {
	response, err := c.open(ctx, path, accept)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			return nil, fmt.Errorf("GET %s: %w", path, err)
		}
	}
	a := &answer{}
	if err := json.NewDecoder(body).Decode(a); err != nil {
		return nil, fmt.Errorf("decoding the answer to GET %s: %w", path, err)
	}
	return a, nil
}

// check returns an error unless a request is answered with the expected number of items, in its format.
func (c *client) check(ctx context.Context, r *request) error {
	a, err := c.decode(ctx, r.path, accept[r.format])
	if err != nil {
		return fmt.Errorf("%s: %w", r.key(), err)
	}
	if got := a.items(); got != r.items {
		return fmt.Errorf("%s: the answer has %d items, want %d", r.key(), got, r.items)
	}
	if (a.Kind == tableFormat) != (r.format == tableFormat) {
		return fmt.Errorf("%s: the answer is a %s", r.key(), a.Kind)
	}
	return nil
}

// near returns whether the size of a body is about the usual one. Sizes differ a little with
// resourceVersions, and with what of them gzip can compress.
func near(bytes, usual int) bool {
	allowed := max(usual/20, 200)
	return bytes >= usual-allowed && bytes <= usual+allowed
}
