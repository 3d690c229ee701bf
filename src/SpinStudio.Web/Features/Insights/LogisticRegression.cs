using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Web.Features.Insights;

/// <summary>
/// A small logistic regression: standardised features, ridge penalty ½·‖w‖² on all weights but the intercept, fitted by Newton's method
/// (iteratively reweighted least squares).
/// </summary>
public sealed class LogisticRegression
{
    private const int MostSteps = 25;
    private const double Enough = 1e-8;

    private readonly double[] means;
    private readonly double[] scales;
    private readonly double[] weights;

    private LogisticRegression(double[] means, double[] scales, double[] weights) => (this.means, this.scales, this.weights) = (means, scales, weights);

    /// <summary>Log-odds that a row is of the class.</summary>
    public double Score(IReadOnlyList<double> row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var score = weights[^1];
        for (var k = 0; k < row.Count; k++)
        {
            score += weights[k] * (row[k] - means[k]) / scales[k];
        }

        return score;
    }

    /// <param name="rows">[examples][features]; a feature that never changes has no say.</param>
    public static LogisticRegression Fit(IReadOnlyList<double[]> rows, IReadOnlyList<bool> labels)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(labels);
        var features = rows[0].Length;
        var means = new double[features];
        var scales = new double[features];
        for (var k = 0; k < features; k++)
        {
            var feature = k;
            means[k] = rows.Average(row => row[feature]);
            var deviation = Math.Sqrt(rows.Average(row => Math.Pow(row[feature] - means[feature], 2)));
            scales[k] = deviation > 0 ? deviation : double.PositiveInfinity;
        }

        var weights = new double[features + 1];
        for (var step = 0; step < MostSteps; step++)
        {
            var change = Newton(rows, labels, means, scales, weights);
            for (var k = 0; k <= features; k++)
            {
                weights[k] += change[k];
            }

            if (change.Max(Math.Abs) < Enough)
            {
                break;
            }
        }

        return new LogisticRegression(means, scales, weights);
    }

    /// <summary>H⁻¹·g of the penalised log-likelihood: H = Σ p(1−p)·x·xᵀ + I, g = Σ (y − p)·x − w; the last feature is the constant 1.</summary>
    private static double[] Newton(IReadOnlyList<double[]> rows, IReadOnlyList<bool> labels, double[] means, double[] scales, double[] weights)
    {
        var size = weights.Length;
        var hessian = new double[size, size];
        var gradient = new double[size];
        for (var k = 0; k < size; k++)
        {
            hessian[k, k] = k < size - 1 ? 1 : 1e-9;
            gradient[k] = k < size - 1 ? -weights[k] : 0;
        }

        var x = new double[size];
        x[^1] = 1;
        for (var i = 0; i < rows.Count; i++)
        {
            var score = weights[^1];
            for (var k = 0; k < size - 1; k++)
            {
                x[k] = (rows[i][k] - means[k]) / scales[k];
                score += weights[k] * x[k];
            }

            var p = 1 / (1 + Math.Exp(-score));
            var (miss, curve) = ((labels[i] ? 1 : 0) - p, p * (1 - p));
            for (var k = 0; k < size; k++)
            {
                gradient[k] += miss * x[k];
                for (var l = 0; l <= k; l++)
                {
                    hessian[k, l] += curve * x[k] * x[l];
                }
            }
        }

        return new Cholesky(hessian).Solve(gradient);
    }
}
