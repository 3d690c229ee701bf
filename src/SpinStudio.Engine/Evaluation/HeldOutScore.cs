using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.Evaluation;

/// <summary>One line of <c>held-out-scores.jsonl</c>: how an evaluated model holds the answers to one held-out prompt.</summary>
/// <param name="Index">Position of the example among the held-out ones.</param>
/// <param name="HumanLogProb">log π(human answer | prompt), summed over its tokens, in nats.</param>
/// <param name="LogProb">The same of the model's own first answer; null in a DPO run.</param>
/// <param name="RewardHuman">Implicit reward β·(log π − log π_ref) of the human answer, where π_ref opened the iteration; null without an opponent.</param>
/// <param name="RewardOpponent">The same of the answer of the iteration's opponent; in a DPO run, of the rejected answer.</param>
public sealed record HeldOutScore(int Index, string PromptId, double HumanLogProb, double? LogProb, double? RewardHuman, double? RewardOpponent)
{
    public static void Save(string path, IEnumerable<HeldOutScore> scores) => AtomicFile.Write(path, file =>
    {
        foreach (var score in scores)
        {
            JsonSerializer.Serialize(file, score, RunJson.Line);
            file.Write("\n"u8);
        }
    });

    public static IEnumerable<HeldOutScore> Read(string path) => File.ReadLines(path, Encoding.UTF8).Select(line => JsonSerializer.Deserialize<HeldOutScore>(line, RunJson.Line)!);
}
