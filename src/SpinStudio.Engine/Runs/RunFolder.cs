namespace SpinStudio.Engine.Runs;

/// <summary>Names of what lies in a run folder. The folder is the truth about a run; its layout is documented in docs/run-folder.md.</summary>
public sealed class RunFolder(string path)
{
    /// <summary>Exit code of an engine that stopped with a checkpoint (EX_TEMPFAIL): start it again with <c>--resume</c>.</summary>
    public const int ResumableExitCode = 75;

    /// <summary>Exit code for input that was refused.</summary>
    public const int BadInputExitCode = 2;

    public string Root { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The resolved config. Never changes.</summary>
    public string Config => In("run.json");

    /// <summary>Append-only events, one a line.</summary>
    public string Journal => In("journal.jsonl");

    /// <summary>Who works in the folder now.</summary>
    public string Lease => In("lease.json");

    /// <summary>The model folder as it was when the run started: copied, so that a run stands on its own.</summary>
    public string StartModel => In("start/model");

    /// <summary>What the run was made from: versions and content hashes. Written last when a folder is prepared.</summary>
    public string Provenance => In("provenance.json");

    /// <summary>Training examples in use, canonical JSON Lines.</summary>
    public string TrainExamples => In("data/train.jsonl");

    /// <summary>Held-out examples in use.</summary>
    public string HeldOutExamples => In("data/held-out.jsonl");

    /// <summary>Folder of an iteration; −1 is <c>start</c>.</summary>
    public string Iteration(int iteration) => In(iteration < 0 ? "start" : $"iteration-{iteration}");

    /// <summary>Pairs (human, opponent) of an iteration.</summary>
    public string Pairs(int iteration) => System.IO.Path.Combine(Iteration(iteration), "pairs.jsonl");

    /// <summary>Reference log-probs of an iteration's training pairs.</summary>
    public string Reference(int iteration) => System.IO.Path.Combine(Iteration(iteration), "reference.safetensors");

    /// <summary>Model that the iteration produced (−1: the starting model).</summary>
    public string Model(int iteration) => System.IO.Path.Combine(Iteration(iteration), "model");

    /// <summary>The run's low-rank adapter as the iteration left it, in PEFT's layout, on <see cref="StartModel"/>; <see cref="Model"/> is that model with the adapter merged.</summary>
    public string Adapter(int iteration) => System.IO.Path.Combine(Iteration(iteration), "adapter");

    public string Evaluation(int iteration) => System.IO.Path.Combine(Iteration(iteration), "evaluation.json");

    /// <summary>Held-out answers of the iteration's finished model.</summary>
    public string HeldOutSamples(int iteration) => System.IO.Path.Combine(Iteration(iteration), "held-out-samples.jsonl");

    /// <summary>Log-probs of the human and the own held-out answers under the iteration's finished model.</summary>
    public string HeldOutLogProbs(int iteration) => System.IO.Path.Combine(Iteration(iteration), "held-out-logps.safetensors");

    /// <summary>The same prompt by prompt, with the implicit rewards of the held-out pairs: lines of <see cref="Evaluation.HeldOutScore"/>.</summary>
    public string HeldOutScores(int iteration) => System.IO.Path.Combine(Iteration(iteration), "held-out-scores.jsonl");

    /// <summary>fp32 weights that the next iteration goes on from; there while it needs them, and only when the model is saved in bf16.</summary>
    public string Masters(int iteration) => System.IO.Path.Combine(Iteration(iteration), "masters.safetensors");

    /// <summary>Where training stood when the iteration was finished.</summary>
    public string Trained(int iteration) => System.IO.Path.Combine(Iteration(iteration), "trained.json");

    private string In(string name) => System.IO.Path.Combine(Root, name);
}
