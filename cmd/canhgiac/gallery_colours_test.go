package main

import (
	"image"
	"image/color"
	"slices"
)

// fewColours gives a picture of a page in the 256 colours that it has most of, which makes its file a third. Pages have few
// colours; the rest are edges of letters, which take their nearest.
func fewColours(p image.Image) *image.Paletted {
	size := p.Bounds()
	count := map[color.RGBA]int{}
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			count[coarse(p.At(x, y))]++
		}
	}
	var all []color.RGBA
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		if n := count[b] - count[a]; n != 0 {
			return n
		}
		return (int(a.R)<<16 | int(a.G)<<8 | int(a.B)) - (int(b.R)<<16 | int(b.G)<<8 | int(b.B))
	})
	var palette color.Palette
	for _, c := range all[:min(len(all), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range all {
		nearest[c] = uint8(palette.Index(c))
	}
	few := image.NewPaletted(size, palette)
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			few.SetColorIndex(x, y, nearest[coarse(p.At(x, y))])
		}
	}
	return few
}

// coarse drops what no eye sees in the smoothed edges of letters; whole areas keep their colour.
func coarse(c color.Color) color.RGBA {
	r, g, b, _ := c.RGBA()
	return color.RGBA{uint8(r>>8) | 3, uint8(g>>8) | 3, uint8(b>>8) | 3, 255}
}
