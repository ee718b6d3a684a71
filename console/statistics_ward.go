package console

func wardFigures() []figureOf { return nil }
