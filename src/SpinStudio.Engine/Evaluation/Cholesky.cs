namespace SpinStudio.Engine.Evaluation;

/// <summary>Solves M·x = b for a small symmetric positive definite M by the factors M = L·Lᵀ.</summary>
public sealed class Cholesky
{
    private readonly double[,] _factor;

    /// <param name="matrix">[size, size]; only the lower triangle is read.</param>
    /// <exception cref="ArgumentException">It is not positive definite.</exception>
    public Cholesky(double[,] matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var size = matrix.GetLength(0);
        _factor = new double[size, size];
        for (var k = 0; k < size; k++)
        {
            for (var l = 0; l <= k; l++)
            {
                var sum = matrix[k, l];
                for (var m = 0; m < l; m++) sum -= _factor[k, m] * _factor[l, m];
                if (k == l && !(sum > 0)) throw new ArgumentException($"The matrix is not positive definite (pivot {k} is {sum}).", nameof(matrix));
                _factor[k, l] = k == l ? Math.Sqrt(sum) : sum / _factor[l, l];
            }
        }
    }

    /// <param name="right">[size].</param>
    public double[] Solve(IReadOnlyList<double> right)
    {
        ArgumentNullException.ThrowIfNull(right);
        var size = _factor.GetLength(0);
        double[] solution = [.. right];
        for (var k = 0; k < size; k++)
        {
            for (var l = 0; l < k; l++) solution[k] -= _factor[k, l] * solution[l];
            solution[k] /= _factor[k, k];
        }

        for (var k = size - 1; k >= 0; k--)
        {
            for (var l = k + 1; l < size; l++) solution[k] -= _factor[l, k] * solution[l];
            solution[k] /= _factor[k, k];
        }

        return solution;
    }
}
