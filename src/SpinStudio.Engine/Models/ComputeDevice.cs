using SpinStudio.Torch;

namespace SpinStudio.Engine.Models;

/// <summary>The device that a process computes on: a setting such as <c>auto</c>, <c>cpu</c> or <c>cuda:1</c> made real.</summary>
public static class ComputeDevice
{
    public const string Auto = "auto";

    private const int Most = 64;

    /// <summary>Names of what is there.</summary>
    public static IReadOnlyList<string> Available { get; } = [torch.CPU.ToString(), .. CudaDevices().Select(device => device.ToString())];

    /// <summary>From now on tensors are made on that device.</summary>
    /// <param name="setting">auto: a CUDA device if there is one, else the CPU.</param>
    /// <param name="localRank">Number of this process among those of the machine, which take the CUDA devices in turn under auto and cuda.</param>
    /// <returns>The device's name.</returns>
    /// <exception cref="BadInputException">It is not there.</exception>
    public static string Use(string setting, int localRank = 0)
    {
        var cuda = CudaDevices();
        Device? device = setting switch
        {
            "cpu" => torch.CPU,
            Auto when cuda.Count == 0 => torch.CPU,
            Auto or "cuda" => cuda.Count == 0 ? null : cuda[localRank % cuda.Count],
            _ => cuda.FirstOrDefault(one => one.ToString() == setting),
        };
        torch.set_default_device(device ?? throw new BadInputException(
            $"device '{setting}' is not there: libtorch {torch.version} finds {string.Join(", ", Available)}. Use one of these or auto; for a GPU, build with LIBTORCH naming a libtorch made for CUDA"));
        return device.ToString();
    }

    /// <summary>Asked one by one, for only making a tensor tells on every version of libtorch.</summary>
    private static List<Device> CudaDevices()
    {
        var found = new List<Device>();
        if (!torch.cuda_is_available()) return found;
        for (var index = 0; index < Most; index++)
        {
            try
            {
                using var probe = torch.zeros([1], ScalarType.Float32, new Device(DeviceType.CUDA, index));
                found.Add(probe.device);
            }
            catch (TorchException)
            {
                break;
            }
        }
        return found;
    }
}
