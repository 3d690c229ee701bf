namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    /// <summary>Which of several ways an operation takes.</summary>
    public static class backends
    {
        private static readonly bool s_hasDevices = cuda_is_available();

        /// <summary>
        /// Whether <see cref="nn.functional"/> uses the native kernels where there are some (CPU; Float32, Float64 and BFloat16), as it does unless told
        /// otherwise, or always plain operators. Both compute the same up to rounding.
        /// </summary>
        public static bool native_kernels { get; set; } = true;

        internal static bool UseKernel(Tensor input) => native_kernels && (!s_hasDevices || input.device.type == DeviceType.CPU);
    }
}
