using SpinStudio.Engine.Models;

namespace SpinStudio.Engine.Export;

/// <summary>A tensor of a GGUF file, made row by row from one of the checkpoint.</summary>
/// <param name="Rows">1 for vectors.</param>
/// <param name="Source">Its name in the checkpoint; null for one that is computed.</param>
/// <param name="HeadDim">
/// Above 0: what a projection to queries or keys is made of, in an architecture that turns neighbours of a head together where Hugging Face turns its halves. Rows of a matrix, entries of a
/// bias, are put in that order.
/// </param>
/// <param name="Make">Fills the one row of a tensor that is computed.</param>
internal sealed record GgufTensor(string Name, GgufType Type, long Rows, int Columns, string? Source = null, int HeadDim = 0, bool IsMatrix = false, Action<float[]>? Make = null)
{
    public long Bytes => GgufTypes.Bytes(Type, Rows * Columns);

    /// <summary>A norm or a bias: always f32.</summary>
    public static GgufTensor Vector(string name, string source, int length, int headDim = 0) => new(name, GgufType.F32, 1, length, source, headDim);

    /// <summary>A matrix. Rows that do not fall into the blocks of <see cref="GgufType.Q80"/> are written as f16.</summary>
    public static GgufTensor Matrix(GgufType type, string name, string source, int rows, int columns, int headDim = 0) =>
        new(name, type == GgufType.Q80 && columns % GgufTypes.BlockLength != 0 ? GgufType.F16 : type, rows, columns, source, headDim, IsMatrix: true);

    /// <exception cref="BadInputException">A value does not fit the type.</exception>
    public void WriteRow(ModelWeights weights, long row, Span<byte> destination)
    {
        var values = new float[Columns];
        if (Make is not null)
            Make(values);
        else
            Read(weights, IsMatrix ? PlaceOf(row) : row, values);
        if (!IsMatrix && HeadDim > 0)
            values = [.. Enumerable.Range(0, Columns).Select(i => values[PlaceOf(i)])];
        GgufEncoder.Write(values, Type, destination, Name);
    }

    /// <summary>Place 2i + j of a head is place j·(size/2) + i of the checkpoint's.</summary>
    private long PlaceOf(long place)
    {
        if (HeadDim == 0)
            return place;
        var (head, within) = (place / HeadDim, place % HeadDim);
        return head * HeadDim + within % 2 * (HeadDim / 2) + within / 2;
    }

    private unsafe void Read(ModelWeights weights, long row, float[] values)
    {
        var info = weights.Find(Source!)!;
        var bytes = TensorInfo.BytesPerElement(info.Dtype) * Columns;
        GgufEncoder.Read(new ReadOnlySpan<byte>((void*)(weights.Pointer(Source!) + (nint)(row * bytes)), bytes), info.Dtype, values);
    }
}
