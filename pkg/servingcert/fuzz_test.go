// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import "testing"

// FuzzRecords sends bytes as a client may that nobody has authenticated yet. What they mean must not depend
// on how they arrive.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		"", "GET / HTTP/1.1\r\n\r\n",
		"\x16\x03\x01\x00\x02hi\x15\x03\x03\x00\x02\x02\x2a", // a hello, and bad_certificate
		"\x16\x03\x01\x00\x01h\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x130123456789012345678",
		"\x15\x03\x03\xff\xff\x02",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var whole, single records
		reason, refused := whole.follow(data)
		singleReason, singleRefused := "", false
		for i := range data {
			if r, ok := single.follow(data[i : i+1]); ok {
				if singleRefused {
					t.Error("refused twice")
				}
				singleReason, singleRefused = r, true
			}
		}
		if reason != singleReason || refused != singleRefused || whole != single {
			t.Errorf("at once: %q %v %+v; byte by byte: %q %v %+v", reason, refused, whole, singleReason, singleRefused, single)
		}
		if again, ok := whole.follow(data); refused && ok {
			t.Errorf("refused again: %q", again)
		}
	})
}
