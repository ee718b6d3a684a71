package console

func operatorFigures() []figureOf { return nil }
