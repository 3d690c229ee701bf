using System.Runtime.InteropServices;
using SpinStudio.Engine.DataParallel;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>
/// Summed log-probs of pairs under the model that opened the iteration, computed once and kept on disk, so that no second model sits in memory while training.
/// </summary>
/// <param name="Real">Of the human answers, one a pair.</param>
/// <param name="Generated">Of the opponent's answers.</param>
public sealed record ReferenceLogProbs(float[] Real, float[] Generated)
{
    /// <summary>The values of some pairs.</summary>
    public static float[] Of(float[] side, int[] members) => Array.ConvertAll(members, i => side[i]);

    /// <summary>Scores all pairs, micro-batch by micro-batch, shared among the ranks; each gets all. Goes on where a partial file ends.</summary>
    /// <param name="partial">Scores so far, raw: for each micro-batch its real, then its generated log-probs, fp32. Rank 0 keeps it.</param>
    /// <param name="scored">After each micro-batch: pairs done, and real tokens read.</param>
    public static ReferenceLogProbs Score(
        LlamaModel model, IReadOnlyList<TokenPair> pairs, int[][] microBatches, string partial, Ranks ranks, Action<int, long> scored, CancellationToken cancel)
    {
        var reference = new ReferenceLogProbs(new float[pairs.Count], new float[pairs.Count]);
        using var noGrad = torch.no_grad();
        var (done, tokens) = (0, 0L);
        using var file = ranks.IsFirst ? new FileStream(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read) : null;
        var known = ranks.Agreed(() => Known(file!, microBatches));
        foreach (var (members, scores) in microBatches.Zip(known))
            Take(members, scores);
        foreach (var (members, scores) in microBatches.Skip(known.Length).Zip(ranks.Share(microBatches.Skip(known.Length), Scores)))
        {
            file?.Write(MemoryMarshal.AsBytes(scores.AsSpan()));
            tokens += members.Sum(i => (long)pairs[i].Tokens);
            Take(members, scores);
        }
        return reference;

        float[] Scores(int[] members)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            var (real, generated) = SpinObjective.LogProbs(model, pairs, members);
            return [.. real.cpu().contiguous().data<float>(), .. generated.cpu().contiguous().data<float>()];
        }

        void Take(int[] members, float[] scores)
        {
            for (var i = 0; i < members.Length; i++)
                (reference.Real[members[i]], reference.Generated[members[i]]) = (scores[i], scores[members.Length + i]);
            scored(done += members.Length, tokens);
        }
    }

    /// <summary>Scores of the micro-batches that the file holds whole; what follows them is cut off.</summary>
    private static float[][] Known(FileStream file, int[][] microBatches)
    {
        var known = new List<float[]>();
        foreach (var members in microBatches)
        {
            var scores = new float[2 * members.Length];
            var bytes = MemoryMarshal.AsBytes(scores.AsSpan());
            if (file.Length - file.Position < bytes.Length) break;
            file.ReadExactly(bytes);
            known.Add(scores);
        }
        file.SetLength(file.Position);
        return [.. known];
    }

    /// <summary>Tensors <c>real</c> and <c>generated</c>, each [pairs], fp32.</summary>
    public void Save(string path)
    {
        using var scope = torch.NewDisposeScope();
        TensorFile.Save(path, [("real", torch.tensor(Real, [Real.Length])), ("generated", torch.tensor(Generated, [Generated.Length]))]);
    }

    public static ReferenceLogProbs Load(string path)
    {
        using var scope = torch.NewDisposeScope();
        using var file = SafetensorsFile.Open(path);
        return new ReferenceLogProbs(Read("real"), Read("generated"));

        float[] Read(string name)
        {
            var tensor = torch.zeros([.. file.Find(name)!.Shape], ScalarType.Float32);
            TensorFile.CopyTo(file, name, tensor);
            return tensor.cpu().data<float>().ToArray();
        }
    }
}
