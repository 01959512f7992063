// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import "crypto/tls"

// Types of TLS records (RFC 8446, section 5.1).
const (
	changeCipherSpec = 20
	alert            = 21
	handshake        = 22
	applicationData  = 23

	headerLength = 5
	// encryptedAlert is the length of an encrypted alert in TLS 1.3: level, description, the type
	// of the record, and the 16 bytes of the tag. The client's next message in the handshake
	// would be longer: it holds at least a hash.
	encryptedAlert = 2 + 1 + 16
)

// records follows the TLS records that a client sends, up to the end of the handshake. The zero
// value is ready to use.
type records struct {
	done   bool
	header [headerLength + 2]byte
	have   int // bytes of header
	skip   int // bytes of the record that are of no interest
}

// follow takes the next bytes of the client. It returns true, once, if they end with an alert by
// which the client refuses the server's certificate, and the name of the alert. In TLS 1.3 alerts
// are encrypted: any alert at this point counts. After a handshake of TLS 1.2, the first application
// data is the beginning of an HTTP request, which is longer than an alert.
func (r *records) follow(data []byte) (reason string, refused bool) {
	for len(data) > 0 && !r.done {
		if r.skip > 0 {
			n := min(r.skip, len(data))
			r.skip, data = r.skip-n, data[n:]
			continue
		}
		n := copy(r.header[r.have:r.want()], data)
		r.have, data = r.have+n, data[n:]
		if r.have < r.want() {
			continue
		}
		if reason, refused = r.record(); refused {
			return reason, true
		}
	}
	return "", false
}

// want returns how many bytes of a record are of interest: its header, and a readable alert.
func (r *records) want() int {
	if r.have >= headerLength && r.header[0] == alert {
		return headerLength + 2
	}
	return headerLength
}

// record decides what a record means.
func (r *records) record() (reason string, refused bool) {
	length := int(r.header[3])<<8 | int(r.header[4])
	switch {
	case r.header[0] == changeCipherSpec, r.header[0] == handshake:
	case r.header[0] == applicationData:
		r.done = true
		return "encrypted", length == encryptedAlert
	case r.header[0] == alert && length == 2: // not encrypted
		r.done = true
		return tls.AlertError(r.header[6]).Error(), ofCertificate(r.header[6])
	default:
		r.done = true
	}
	r.have, r.skip = 0, length
	return "", false
}

// ofCertificate returns true for alerts about certificates (RFC 8446, section 6.2): from
// bad_certificate to certificate_unknown, and unknown_ca.
func ofCertificate(description byte) bool {
	return description >= 42 && description <= 46 || description == 48
}
