// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	// In points.
	figureWidth  vg.Length = 540
	panelHeight  vg.Length = 270
	margin       vg.Length = 12
	titleHeight  vg.Length = 26
	legendHeight vg.Length = 16
	gap          vg.Length = 10
)

var ink = color.Gray{Y: 0x20}

// styles are the looks of the series. They differ in colour, marker and dashes: colour alone says nothing
// to some readers. All have a contrast of at least 4.5 to white.
var styles = []struct {
	colour color.Color
	marker draw.GlyphDrawer
	dashes []vg.Length
}{
	{color.RGBA{R: 0x0b, G: 0x5f, B: 0xa5, A: 0xff}, draw.CircleGlyph{}, nil},
	{color.RGBA{R: 0xb8, G: 0x4a, B: 0x00, A: 0xff}, draw.BoxGlyph{}, nil},
	{color.RGBA{R: 0x59, G: 0x59, B: 0x59, A: 0xff}, draw.PyramidGlyph{}, []vg.Length{4, 3}},
	{color.RGBA{R: 0x8b, G: 0x2f, B: 0x8b, A: 0xff}, draw.RingGlyph{}, []vg.Length{8, 3}},
	{color.RGBA{R: 0x00, G: 0x75, B: 0x5a, A: 0xff}, draw.SquareGlyph{}, []vg.Length{2, 2}},
}

// figure is an SVG: panels side by side below a title and a legend, so that neither covers data.
type figure struct {
	title  string
	legend []entry
	panels []*plot.Plot
}

// entry is a series in the legend.
type entry struct {
	name   string
	thumbs []plot.Thumbnailer
}

// sans is the font of all text.
func sans(points vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: points}
}

// newPanel returns an empty plot with its axes labelled.
func newPanel(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Label.Padding, p.Y.Label.Padding = vg.Points(4), vg.Points(4)
	p.Title.TextStyle.Font = sans(11)
	p.Title.Padding = vg.Points(6)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(11)
		axis.Tick.Label.Font = sans(10)
		axis.Color, axis.Tick.Color = ink, ink
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = ink, ink
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = color.Gray{Y: 0xdd}
	p.Add(grid)
	return p
}

// addLine adds points, joined by a line, in the style of a number, and returns what stands for them in the
// legend.
func addLine(p *plot.Plot, style int, points plotter.XYs) ([]plot.Thumbnailer, error) {
	line, markers, err := plotter.NewLinePoints(points)
	if err != nil {
		return nil, err
	}
	s := styles[style%len(styles)]
	line.Color, line.Width, line.Dashes = s.colour, vg.Points(1.8), s.dashes
	markers.Color, markers.Shape, markers.Radius = s.colour, s.marker, vg.Points(3.5)
	p.Add(line, markers)
	return []plot.Thumbnailer{line, markers}, nil
}

// line adds a line to a panel and to the legend.
func (f *figure) line(p *plot.Plot, style int, name string, points plotter.XYs) error {
	thumbs, err := addLine(p, style, points)
	if err != nil {
		return err
	}
	f.add(name, thumbs...)
	return nil
}

// add adds a series to the legend.
func (f *figure) add(name string, thumbs ...plot.Thumbnailer) {
	f.legend = append(f.legend, entry{name, thumbs})
}

// svg draws the figure.
func (f *figure) svg() ([]byte, error) {
	if len(f.legend) > len(styles) {
		return nil, fmt.Errorf("%q has %d series, but there are %d styles to tell them apart", f.title, len(f.legend), len(styles))
	}
	head := titleHeight + legendHeight*vg.Length(len(f.legend)) + gap
	canvas := vgsvg.New(figureWidth, panelHeight+head+2*margin)
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Path())
	area := draw.Crop(all, margin, -margin, margin, -margin)

	title := plot.New().Title.TextStyle
	title.Font, title.Color = sans(13), ink
	title.Font.Weight = 2 // bold
	title.XAlign, title.YAlign = draw.XLeft, draw.YTop
	area.FillText(title, vg.Point{X: area.Min.X, Y: area.Max.Y}, f.title)

	legend := plot.NewLegend()
	legend.Top, legend.Left = true, true
	legend.TextStyle.Font, legend.TextStyle.Color = sans(11), ink
	legend.ThumbnailWidth = vg.Points(26)
	legend.YPosition = draw.PosCenter
	legend.Padding = vg.Points(4)
	for _, e := range f.legend {
		legend.Add(e.name, e.thumbs...)
	}
	legend.Draw(draw.Crop(area, 0, 0, 0, -titleHeight))

	body := draw.Crop(area, 0, 0, 0, -head)
	tiles := draw.Tiles{Rows: 1, Cols: len(f.panels), PadX: vg.Points(18)}
	for i, c := range plot.Align([][]*plot.Plot{f.panels}, tiles, body)[0] {
		f.panels[i].Draw(c)
	}

	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	// Browsers without this font would fall back to one with serifs. Arial has the same widths.
	return bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), nil
}
