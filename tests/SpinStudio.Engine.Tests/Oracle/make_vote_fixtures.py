"""Writes votes.json: Bradley-Terry strengths, their bootstrap intervals and kappas by numpy, without the engine's methods. Run with: python3 make_vote_fixtures.py"""

import json

import numpy as np

PRIOR = 2.0
rng = np.random.default_rng(7)


def strengths(wins, centre=None):
    """Largest posterior by plain gradient ascent, with a step below the inverse of the largest curvature."""
    wins = np.asarray(wins, dtype=float)
    centre = np.zeros(len(wins)) if centre is None else centre
    games = wins + wins.T
    theta = np.zeros(len(wins))
    step = 1 / (games.sum(1).max() / 2 + 1 / PRIOR**2)
    for _ in range(200000):
        p = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
        gradient = wins.sum(1) - (games * p).sum(1) - (theta - centre) / PRIOR**2
        theta = theta + step * gradient
        if np.abs(gradient).max() < 1e-11:
            break
    return theta


def variance(wins, theta, i, j):
    """By the inverse of the negative Hessian, from finite differences of the gradient."""
    wins = np.asarray(wins, dtype=float)
    games = wins + wins.T

    def gradient(t):
        p = 1 / (1 + np.exp(t[None, :] - t[:, None]))
        return wins.sum(1) - (games * p).sum(1) - t / PRIOR**2

    hessian = np.stack([(gradient(theta + 1e-5 * e) - gradient(theta - 1e-5 * e)) / 2e-5 for e in np.eye(len(theta))])
    covariance = np.linalg.inv(-hessian)
    return covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]


def drawn(groups, truth, each):
    comparisons = []
    for group in range(groups):
        lean = rng.normal(0, 0.5, len(truth))
        for _ in range(each):
            i, j = rng.choice(len(truth), 2, replace=False)
            d = truth[i] + lean[i] - truth[j] - lean[j]
            score = 0.5 if rng.random() < 0.15 else float(rng.random() < 1 / (1 + np.exp(-d)))
            comparisons.append([group, int(i), int(j), score])
    return comparisons


def wins_of(comparisons, size):
    wins = np.zeros((size, size))
    for _, i, j, score in comparisons:
        wins[i, j] += score
        wins[j, i] += 1 - score
    return wins


def bootstrap(comparisons, size, resamples=3000):
    by_group = {}
    for comparison in comparisons:
        by_group.setdefault(comparison[0], []).append(comparison)
    wins = [wins_of(group, size) for group in by_group.values()]
    for i, j in {(min(a, b), max(a, b)) for _, a, b, _ in comparisons}:
        for first, second in ((i, j), (j, i)):
            wins.append(np.zeros((size, size)))
            wins[-1][first, second] = 1
    draws = []
    for _ in range(resamples):
        resampled = sum(wins[k] for k in rng.integers(0, len(wins), len(wins)))
        theta = strengths_fast(resampled, rng.normal(0, PRIOR, size))
        draws.append(theta - theta.mean())
    return np.quantile(draws, [0.025, 0.975], axis=0).T


def strengths_fast(wins, centre):
    """Newton by numpy's solver, for the many draws."""
    games = wins + wins.T
    theta = np.zeros(len(wins))
    for _ in range(60):
        p = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
        w = games * p * (1 - p)
        step = np.linalg.solve(np.diag(w.sum(1) + 1 / PRIOR**2) - w, wins.sum(1) - (games * p).sum(1) - (theta - centre) / PRIOR**2)
        theta = theta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-10:
            break
    return theta


def cohen(pairs):
    first, second = np.array(pairs).T
    observed = (first == second).mean()
    chance = sum((first == c).mean() * (second == c).mean() for c in range(4))
    return dict(ratings=pairs, observed=float(observed), kappa=float((observed - chance) / (1 - chance)))


def fleiss(things):
    table = np.array([[thing.count(c) for c in range(4)] for thing in things if len(thing) > 1], dtype=float)
    raters = table.sum(1)
    observed = (table * (table - 1)).sum() / (raters * (raters - 1)).sum()
    chance = ((table.sum(0) / table.sum()) ** 2).sum()
    return dict(things=things, observed=float(observed), kappa=float((observed - chance) / (1 - chance)))


if __name__ == "__main__":
    tables = [
        [[0, 3], [1, 0]],
        [[0, 10, 4], [2, 0, 5.5], [1, 3.5, 0]],
        [[0, 9, 0, 2], [0, 0, 1, 0], [0, 4, 0, 0.5], [1, 0, 0.5, 0]],
        [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
    ]
    fits = []
    for table in tables:
        theta = strengths(table)
        fits.append(dict(wins=table, strengths=theta.tolist(), variance=float(variance(table, theta, 0, 1))))
    comparisons = drawn(60, np.array([0.8, 0.1, -0.2, -0.7]), 5)
    ratings = [[int(a), int(b if rng.random() < 0.5 else a)] for a, b in rng.integers(0, 4, (40, 2))]
    things = [[int(c) for c in rng.choice(4, n, p=[0.5, 0.3, 0.1, 0.1])] for n in rng.integers(1, 5, 30)]
    text = json.dumps(dict(
        fits=fits,
        bootstrap=dict(comparisons=comparisons, strengths=strengths(wins_of(comparisons, 4)).tolist(), intervals=bootstrap(comparisons, 4).tolist()),
        cohen=cohen(ratings), fleiss=fleiss(things)))
    with open("votes.json", "w") as file:
        file.write(text + "\n")
