using System.Text;

namespace SpinStudio.Torch;

public static unsafe partial class torch
{
    /// <summary>
    /// Processes that compute together: a store in which they find and tell each other, and collectives between them over Gloo. One store and one group a
    /// process. A call that a lost process leaves unfinished fails with a <see cref="TorchException"/>.
    /// </summary>
    public static class distributed
    {
        /// <summary>Opens a store in a file that all processes see and the first text makes; nothing listens on the network.</summary>
        /// <param name="timeout">How long a call may wait for the file.</param>
        public static void open_file_store(string path, int world_size, TimeSpan timeout) => Ops.open_file_store.Run(path, world_size, timeout.TotalSeconds);

        /// <summary>Opens a store at an address, which one process serves and the others reach.</summary>
        /// <param name="prefix">Before all keys: parts this group from others that use the store.</param>
        public static void open_tcp_store(string host, int port, bool serve, string prefix, TimeSpan timeout) =>
            Ops.open_tcp_store.Run(host, port, serve, prefix, timeout.TotalSeconds);

        public static void close_store() => Ops.close_store.Run();

        /// <summary>Puts a text, not an empty one, under a key; replaces what was there. Any thread may call it.</summary>
        public static void store_set(string key, string value)
        {
            using var bytes = from_bytes(Encoding.UTF8.GetBytes(value), [Encoding.UTF8.GetByteCount(value)], ScalarType.Byte);
            Ops.store_set.Run(key, bytes);
        }

        /// <summary>The text under a key; null while there is none. Does not wait. Any thread may call it.</summary>
        public static string? store_get(string key)
        {
            using var bytes = Ops.store_get.Call(key);
            return bytes.numel() == 0 ? null : Encoding.UTF8.GetString(bytes.bytes());
        }

        /// <summary>Joins the group of the open store's processes; waits until all have.</summary>
        /// <param name="address">This machine's, by which the others reach it; empty: as its name or <c>GLOO_SOCKET_IFNAME</c> says.</param>
        /// <param name="timeout">Of this call and of every collective.</param>
        public static void init_process_group(int rank, int world_size, string address, TimeSpan timeout) => Ops.open_group.Run(rank, world_size, address, timeout.TotalSeconds);

        /// <summary>Leaves the group: calls of the others that wait for this process fail.</summary>
        public static void destroy_process_group() => Ops.close_group.Run();

        /// <summary>Sums over all processes, in place. Not for bfloat16, which Gloo cannot add. Gloo works on the host's memory: a device's tensor goes there and back.</summary>
        public static void all_reduce(Tensor tensor)
        {
            if (tensor.device.type == DeviceType.CPU)
            {
                Ops.all_reduce_.Run(tensor);
                return;
            }
            using var host = tensor.cpu();
            Ops.all_reduce_.Run(host);
            tensor.copy_(host);
        }

        /// <summary>What each process gives, [n], as [processes, n].</summary>
        public static Tensor all_gather(Tensor tensor) => Ops.all_gather.Call(tensor);
    }
}
