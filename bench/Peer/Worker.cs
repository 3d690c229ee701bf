using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using SpinStudio.Engine.DataParallel;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.SelfPlay;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Bench.Peer;

/// <summary>
/// Our side of a comparison: reads one command a line as JSON, does it with the engine's own parts, and answers in a line. <c>peer/worker.py</c> has the same commands.
/// </summary>
internal sealed class Worker(string folder) : IDisposable
{
    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly SpinLoss Loss = new(SpinLossType.Sigmoid, Beta: 0.1);

    private LlamaModel? _model;
    private FlatOptimizer? _optimizer;
    private List<TokenPair> _pairs = [];
    private RunConfig _config = new() { Model = "", Dataset = "" };
    private ReferenceLogProbs _reference = new([], []);
    private int _step;

    public void Run()
    {
        while (Console.In.ReadLine() is { } line)
        {
            var command = JsonNode.Parse(line)!;
            var watch = Stopwatch.StartNew();
            var answer = Do((string)command["do"]!, command);
            answer["seconds"] = watch.Elapsed.TotalSeconds;
            Console.Out.WriteLine(answer.ToJsonString());
        }
    }

    public void Dispose()
    {
        _optimizer?.Dispose();
        _model?.Dispose();
    }

    private JsonObject Do(string name, JsonNode command) => name switch
    {
        "open" => Open(command.Deserialize<OpenCommand>(Snake)!),
        "score" => Score(command["batches"].Deserialize<int[][]>()!),
        "step" => Step(Indices(command), (double)command["learning_rate"]!),
        "gradients" => Gradients(Indices(command), (string)command["path"]!),
        "generate" => Generate(command.Deserialize<GenerateCommand>(Snake)!),
        "epoch" => Epoch((int)command["size"]!),
        "memory" => Memory(),
        _ => throw new ArgumentException($"there is no command '{name}'"),
    };

    private JsonObject Open(OpenCommand command)
    {
        torch.set_num_threads(command.Threads);
        _pairs = [.. JsonSerializer.Deserialize<List<TokenTriple>>(File.ReadAllText(Path.Combine(folder, "pairs.json")), JsonSerializerOptions.Web)!
            .Select((pair, i) => new TokenPair($"{i}", pair.Prompt, pair.Real, pair.Generated))];
        _model = LlamaModelFiles.Load(Path.Combine(folder, "model"), command.Dtype == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32);
        if (command.Train)
            _optimizer = new FlatOptimizer(OptimizerKind.RmsProp, 0, _model.Parameters);
        return [];
    }

    /// <summary>Reference log-probs of micro-batches, once before they are trained on.</summary>
    private JsonObject Score(int[][] batches)
    {
        var partial = Path.Combine(folder, "reference.partial");
        _reference = ReferenceLogProbs.Score(_model!, _pairs, batches, partial, Ranks.Alone, (_, _) => { }, default);
        File.Delete(partial);
        return [];
    }

    /// <summary>An epoch over all pairs as a run does it: micro-batches are composed and scored, then trained on.</summary>
    private JsonObject Epoch(int size)
    {
        var batches = MicroBatches.Compose([.. _pairs.Select(pair => pair.Tokens)], size, RandomStream.From(5));
        Score(batches);
        var config = _config with { BatchSize = size, MicroBatchSize = size, Epochs = 1, ScheduleEpochs = 1 };
        new Trainer(_model!, new SpinObjective(_pairs, batches, _reference, Loss), _optimizer!, config, 0, Ranks.Alone)
            .Train(new TrainingPosition(0, 0, 0), (_, _) => true);
        return [];
    }

    /// <summary>One step of the trainer: forward, backward, clipping, RMSProp.</summary>
    private JsonObject Step(int[] batch, double learningRate)
    {
        // A flat schedule: so long that its decay does not count.
        const int Long = 1_000_000_000;
        _config = _config with { LearningRate = [learningRate], BatchSize = batch.Length, MicroBatchSize = batch.Length, WarmupRatio = 0, ScheduleEpochs = Long, Epochs = Long };
        var trainer = new Trainer(_model!, Objective(batch), _optimizer!, _config, 0, Ranks.Alone);
        JsonObject answer = [];
        trainer.Train(new TrainingPosition(_step++, 0, 0), (metrics, _) =>
        {
            answer["loss"] = metrics.Values["loss"];
            answer["norm"] = metrics.Values["grad_norm"];
            return false;
        });
        return answer;
    }

    /// <summary>Writes the gradients of the mean loss of a batch under the checkpoint's names, fp32; changes nothing.</summary>
    private JsonObject Gradients(int[] batch, string path)
    {
        using var scope = torch.NewDisposeScope();
        var parameters = _model!.Parameters;
        var loss = Objective(batch).Loss(_model, 0, new Metrics()) / batch.Length;
        loss.backward();
        TensorFile.Save(path, [.. parameters.Tensors.Select(t => (t.Name, parameters.Part(parameters.Gradients!, t.Name).to(ScalarType.Float32)))]);
        parameters.Gradients!.zero_();
        return new JsonObject { ["loss"] = loss.item<float>() };
    }

    private JsonObject Generate(GenerateCommand command)
    {
        var generator = new Generator(_model!, new GenerationConfig { BatchSize = command.Batch, MaxNewTokens = command.MaxNew }, command.Stop);
        var answers = generator.Answer([.. command.Prompts.Select(i => new GenerationRequest(_pairs[i].Prompt, RandomStream.From(7, i)))]);
        return new JsonObject { ["lengths"] = new JsonArray([.. answers.Select(answer => (JsonNode)answer.Ids.Length)]) };
    }

    /// <summary>Peak resident memory in bytes since the last call, and the memory held now.</summary>
    private static JsonObject Memory()
    {
        var status = File.ReadLines("/proc/self/status").Select(line => line.Split(':')).ToDictionary(parts => parts[0], parts => parts[1].Trim());
        File.WriteAllText("/proc/self/clear_refs", "5");
        return new JsonObject { ["peak"] = Kilobytes("VmHWM") * 1024, ["now"] = Kilobytes("VmRSS") * 1024 };

        long Kilobytes(string field) => long.Parse(status[field].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    private SpinObjective Objective(int[] batch) => new(_pairs, [batch], _reference, Loss);

    private static int[] Indices(JsonNode command) => command["batch"].Deserialize<int[]>()!;

    private sealed record OpenCommand(int Threads, string Dtype, bool Train);

    private sealed record GenerateCommand(int[] Prompts, int Batch, int MaxNew, int[] Stop);
}
