"""Engine answers for strategies: which there are, what they decide, and how they would have done.

It runs backtests as jobs and in-process, keeps their results with everything needed to make them
again, and decides for paper sessions. Desks, features and bars it borrows through hooks, so a
backtest and a paper session are the same objects driven by a loop or by handlers.
"""
