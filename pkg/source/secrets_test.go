// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// The server must not read Secrets. RBAC does not let it; but no code may ask for them either, so that nobody
// is tempted to grant it. Nothing but tests may name them.
func TestNoCodeReadsSecrets(t *testing.T) {
	files := 0
	for _, root := range []string{"../../pkg", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			files++
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if name := n.Sel.Name; name == "Secrets" || name == "Secret" || name == "SecretList" {
						t.Errorf("%s: %s", set.Position(n.Pos()), name)
					}
				case *ast.BasicLit:
					if value := strings.Trim(n.Value, "\"`"); n.Kind == token.STRING && (value == "secrets" || value == "Secret") {
						t.Errorf("%s: %s", set.Position(n.Pos()), n.Value)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 {
		t.Errorf("only %d files found", files)
	}
}
