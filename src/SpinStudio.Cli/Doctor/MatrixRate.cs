using System.Diagnostics;
using SpinStudio.Torch;

namespace SpinStudio.Cli.Doctor;

/// <summary>How fast this machine multiplies matrices: the ceiling of training and generation speed.</summary>
internal static class MatrixRate
{
    private const int Size = 1024;
    private const int Rounds = 50;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>The best of up to a second of products of two [1024, 1024] matrices, in 10⁹ operations a second (2n³ a product).</summary>
    public static double Gflops(ScalarType dtype, Device device)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var left = torch.rand([Size, Size], ScalarType.Float32, device).to(dtype);
        var right = torch.rand([Size, Size], ScalarType.Float32, device).to(dtype);
        Product(left, right); // wakes threads, compiles kernels, loads the BLAS

        var best = double.MaxValue;
        var whole = Stopwatch.StartNew();
        for (var round = 0; round < Rounds && whole.Elapsed < Limit; round++)
        {
            var watch = Stopwatch.StartNew();
            Product(left, right);
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }

        return 2.0 * Size * Size * Size / best / 1e9;
    }

    /// <summary>Reads one number back, so that a device that works in the background has really finished.</summary>
    private static void Product(Tensor left, Tensor right)
    {
        using var scope = torch.NewDisposeScope();
        left.matmul(right).narrow(0, 0, 1).narrow(1, 0, 1).to(ScalarType.Float32).item<float>();
    }
}
