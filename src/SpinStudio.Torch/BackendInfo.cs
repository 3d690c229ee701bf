namespace SpinStudio.Torch;

/// <summary>What the computing stands on in this process.</summary>
/// <param name="TorchVersion">libtorch's version.</param>
/// <param name="Config">libtorch's own description of its build.</param>
/// <param name="Blas">The BLAS that is really loaded: OpenBLAS, MKL, BLIS, reference or unknown.</param>
/// <param name="BlasPath">The file that it was loaded from, where known.</param>
/// <param name="HasOneDnn">Whether oneDNN is loaded, without which bfloat16 products are slow.</param>
/// <param name="CpuModel">The processor's name.</param>
/// <param name="CpuFeatures">Those of avx2, avx512f, avx512_bf16, amx_bf16, amx_tile that the processor has.</param>
/// <param name="Threads">Threads that one operator may use.</param>
/// <param name="Processors">Processors that this process may use.</param>
/// <param name="CudaAvailable">Whether a CUDA device can be used.</param>
/// <param name="OmpWaitPolicy">The wait policy that libgomp was started with; active waiting is slow on a shared machine.</param>
public sealed record BackendInfo(
    string TorchVersion,
    string Config,
    string Blas,
    string? BlasPath,
    bool HasOneDnn,
    string CpuModel,
    IReadOnlyList<string> CpuFeatures,
    int Threads,
    int Processors,
    bool CudaAvailable,
    string? OmpWaitPolicy)
{
    /// <summary>The unoptimised reference BLAS: some forty times slower than OpenBLAS.</summary>
    public bool IsReferenceBlas => Blas == "reference";

    /// <summary>Whether bfloat16 products run on the processor's matrix unit.</summary>
    public bool HasFastBFloat16 => HasOneDnn && (CpuFeatures.Contains("amx_bf16") || CpuFeatures.Contains("avx512_bf16"));
}
