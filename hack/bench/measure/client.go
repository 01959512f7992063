// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// client sends requests as one user on connections of its own.
type client struct {
	http *http.Client
	host string
}

func newClient(config *rest.Config) (*client, error) {
	h, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return &client{http: h, host: config.Host}, nil
}

// open sends a GET request. It accepts gzip like the clients of client-go, but does not decompress.
func (c *client) open(ctx context.Context, path, accept string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.host+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		return nil, fmt.Errorf("GET %s: %s: %s", path, response.Status, body)
	}
	return response, nil
}

// get sends a GET request and reads the whole body. It returns the time from the request to the end of the
// body, and the size of the body as transferred.
func (c *client) get(ctx context.Context, path, accept string, buffer []byte) (took time.Duration, bytes int, err error) {
	start := time.Now()
	response, err := c.open(ctx, path, accept)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	for {
		n, err := response.Body.Read(buffer)
		bytes += n
		if err == io.EOF {
			return time.Since(start), bytes, nil
		}
		if err != nil {
			return 0, 0, fmt.Errorf("reading the answer to GET %s: %w", path, err)
		}
	}
}
