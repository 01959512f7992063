// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// file is a file that openapi-gen wrote: one map from model names to calls, and
// a function for each call. A model name is identified by the text of the
// expression for it, as in v1.Taint{}.OpenAPIModelName(), which is the same
// wherever it occurs in the file.
type file struct {
	src     []byte
	fset    *token.FileSet
	ast     *ast.File
	models  *ast.CompositeLit
	bodies  map[string]*ast.FuncDecl // by function name
	imports map[string]string        // local name to import path
}

// prune returns src without the definitions that are neither in a package of
// keep, or below one, nor reached by a definition that is.
func prune(src []byte, keep []string) ([]byte, error) {
	f, err := parse(src)
	if err != nil {
		return nil, err
	}
	reached, err := f.reach(keep)
	if err != nil {
		return nil, err
	}
	return f.without(reached)
}

func parse(src []byte) (*file, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	f := &file{src: src, fset: fset, ast: parsed, bodies: map[string]*ast.FuncDecl{}, imports: map[string]string{}}
	for _, spec := range parsed.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		name := path.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		f.imports[name] = importPath
	}
	for _, decl := range parsed.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		f.bodies[fn.Name.Name] = fn
		if fn.Name.Name == "GetOpenAPIDefinitions" {
			ast.Inspect(fn, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok && f.models == nil {
					f.models = lit
				}
				return f.models == nil
			})
		}
	}
	if f.models == nil {
		return nil, errors.New("no GetOpenAPIDefinitions that returns a map")
	}
	return f, nil
}

// reach returns the kept model names and all that they refer to, directly or
// not, each with the name of the function that defines it.
func (f *file) reach(keep []string) (map[string]string, error) {
	definedBy := map[string]string{}
	var pending []string
	for _, elt := range f.models.Elts {
		entry, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			return nil, fmt.Errorf("entry %q has no key", f.text(elt))
		}
		call, ok := entry.Value.(*ast.CallExpr)
		if !ok {
			return nil, fmt.Errorf("entry %q is not a call", f.text(elt))
		}
		model := f.text(entry.Key)
		definedBy[model] = firstIdent(call.Fun)
		importPath := f.imports[firstIdent(entry.Key)]
		if slices.ContainsFunc(keep, func(prefix string) bool {
			return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
		}) {
			pending = append(pending, model)
		}
	}

	reached := map[string]string{}
	for len(pending) > 0 {
		model := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if _, done := reached[model]; done {
			continue
		}
		name, ok := definedBy[model]
		if !ok {
			return nil, fmt.Errorf("nothing defines %s: give openapi-gen its package", model)
		}
		reached[model] = name
		if fn := f.bodies[name]; fn != nil {
			pending = append(pending, f.references(fn)...)
		}
	}
	return reached, nil
}

// references lists the model names that fn passes to its parameter ref.
func (f *file) references(fn *ast.FuncDecl) []string {
	var models []string
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 1 && f.text(call.Fun) == "ref" {
			models = append(models, f.text(call.Args[0]))
		}
		return true
	})
	return models
}

// without returns the source with the reached definitions only, and with the
// imports that they need.
func (f *file) without(reached map[string]string) ([]byte, error) {
	wanted := map[string]bool{"GetOpenAPIDefinitions": true}
	for _, name := range reached {
		wanted[name] = true
	}

	var cuts []ast.Node
	used := map[string]bool{}
	for _, elt := range f.models.Elts {
		key := elt.(*ast.KeyValueExpr).Key
		if _, ok := reached[f.text(key)]; !ok {
			cuts = append(cuts, elt)
			continue
		}
		markPackages(elt, used)
	}
	markPackages(f.models.Type, used)
	for _, decl := range f.ast.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		switch {
		case !ok:
		case !wanted[fn.Name.Name]:
			cuts = append(cuts, fn)
		case fn.Name.Name == "GetOpenAPIDefinitions":
			markPackages(fn.Type, used)
		default:
			markPackages(fn, used)
		}
	}
	for _, spec := range f.ast.Imports {
		if spec.Name != nil && !used[spec.Name.Name] {
			cuts = append(cuts, spec)
		}
	}
	return format.Source(f.cut(cuts))
}

// markPackages adds to used every identifier below n that qualifies another.
func markPackages(n ast.Node, used map[string]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok {
				used[id.Name] = true
			}
		}
		return true
	})
}

// cut returns the source without the lines of the nodes and of their doc
// comments.
func (f *file) cut(nodes []ast.Node) []byte {
	slices.SortFunc(nodes, func(a, b ast.Node) int { return int(a.Pos() - b.Pos()) })
	var out []byte
	from := 0
	for _, n := range nodes {
		start := n.Pos()
		if fn, ok := n.(*ast.FuncDecl); ok && fn.Doc != nil {
			start = fn.Doc.Pos()
		}
		lineStart := bytes.LastIndexByte(f.src[:f.offset(start)], '\n') + 1
		out = append(out, f.src[from:lineStart]...)
		from = f.offset(n.End())
		if rest := bytes.IndexByte(f.src[from:], '\n'); rest >= 0 {
			from += rest + 1
		} else {
			from = len(f.src)
		}
	}
	return append(out, f.src[from:]...)
}

func (f *file) text(n ast.Node) string {
	return string(f.src[f.offset(n.Pos()):f.offset(n.End())])
}

func (f *file) offset(p token.Pos) int {
	return f.fset.Position(p).Offset
}

// firstIdent returns the leftmost identifier of an expression such as
// v1.Taint{}.OpenAPIModelName() or v1.Quantity{}.OpenAPIDefinition.
func firstIdent(e ast.Expr) string {
	name := ""
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}
