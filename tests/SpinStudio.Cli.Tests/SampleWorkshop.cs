using System.Text.Json.Nodes;
using SpinStudio.Engine.Samples;

namespace SpinStudio.Cli.Tests;

/// <summary>A folder with an untaught sample model, a little of the sample's data, and the config of a run of seconds.</summary>
public sealed class SampleWorkshop : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SampleWorkshop()
    {
        var examples = SampleDataset.Train(24);
        SampleModel.WriteFresh(_folder["model"], examples, seed: 1);
        SampleDataset.WriteLines(_folder["train.jsonl"], examples);
        SampleDataset.WriteLines(_folder["held-out.jsonl"], SampleDataset.HeldOut(6));
    }

    public string Root => _folder.Root;

    public string Model => _folder["model"];

    public string this[string name] => _folder[name];

    /// <summary>Writes a config and returns its path.</summary>
    public string Config(string name, Action<JsonObject>? change = null)
    {
        var config = new JsonObject
        {
            ["name"] = name,
            ["model"] = "model",
            ["dataset"] = "train.jsonl",
            ["held_out"] = "held-out.jsonl",
            ["iterations"] = 1,
            ["learning_rate"] = 1e-4,
            ["epochs"] = 1,
            ["batch_size"] = 8,
            ["micro_batch_size"] = 4,
            ["max_length"] = 256,
            ["dtype"] = "fp32",
            ["generation"] = new JsonObject { ["max_new_tokens"] = 24, ["batch_size"] = 24 },
            ["evaluation"] = new JsonObject { ["examples"] = 6 },
        };
        change?.Invoke(config);
        return _folder.Write(name + ".json", config.ToJsonString());
    }

    public string Write(string name, string text) => _folder.Write(name, text);

    public void Dispose() => _folder.Dispose();
}
