"""Transformer turns bars into what decisions read: indicators now, model forecasts later.

It holds the catalogue of indicators (its own and those of plugins) and makes feature pipelines
from it, one code for batch and live: engine drives them bar by bar or in columns as an extension,
and everybody else asks for indicator values over a window of a dataset.
"""
