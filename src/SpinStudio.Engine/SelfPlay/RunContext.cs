using SpinStudio.Engine.DataParallel;
using SpinStudio.Engine.Datasets;
using SpinStudio.Engine.Evaluation;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Generation.Elsewhere;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Engine.Tokenization;
using SpinStudio.Engine.Training;
using SpinStudio.Torch;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>What the phases of a run share, and the phases that every kind of run has: training, saving, evaluating. Each looks for its finished artifact first.</summary>
public sealed class RunContext : IDisposable
{
    /// <summary>Answers that are told in the journal, an iteration and split; all are in the files.</summary>
    private const int SamplesTold = 2000;

    private readonly AnswerGeneration _answers;
    private LlamaModel? _model;
    private string? _held;

    public RunContext(RunFolder folder, RunConfig config, Journal journal, Ranks ranks, CancellationToken stop)
    {
        (Folder, Config, Journal, Ranks, Stop) = (folder, config, journal, ranks, stop);
        var start = ModelFolder.Open(folder.StartModel);
        var clock = new StoppedClock(AtomicFile.ReadJson<RunProvenance>(folder.Provenance).CreatedAt);
        Encoder = ConversationEncoder.Load(folder.StartModel, config.MaxLength, config.MaxPromptLength, clock);
        Train = [.. DatasetReader.Read(folder.TrainExamples)];
        HeldOut = new FileInfo(folder.HeldOutExamples).Length == 0 ? [] : [.. DatasetReader.Read(folder.HeldOutExamples).Where(e => Encoder.Encode(e).Answer.Length > 0)];
        _answers = new AnswerGeneration(Encoder, config, start.StopTokenIds.Append(Encoder.EosId), ranks);
        Progress = new RunProgress(journal, Plan());
    }

    public RunFolder Folder { get; }

    public RunConfig Config { get; }

    public Journal Journal { get; }

    /// <summary>The processes that play the run together. Only the first writes; each phase begins and ends for all at once.</summary>
    public Ranks Ranks { get; }

    public RunProgress Progress { get; }

    /// <summary>Set when the run is asked to stop with a checkpoint.</summary>
    public CancellationToken Stop { get; }

    public ConversationEncoder Encoder { get; }

    public IReadOnlyList<Example> Train { get; }

    public IReadOnlyList<Example> HeldOut { get; }

    /// <summary>The model that finished an iteration (−1: the starting model). At most one model is in memory.</summary>
    public LlamaModel ModelOf(int iteration) => Hold(Folder.Model(iteration), () => LlamaModelFiles.Load(Folder.Model(iteration), Dtype));

    /// <summary>
    /// The model as an iteration finds it, for scoring and for training: the one that finished the iteration before. With low-rank adapters it is the starting model
    /// and, beside it, the adapter so far: the first step must find the very log-probs that the reference was scored with, and a merged model rounds otherwise.
    /// </summary>
    public LlamaModel MainPlayer(int iteration) => Config.Lora.Rank == 0 ? ModelOf(iteration - 1) : Hold(Folder.Adapter(iteration - 1), () =>
    {
        var model = LlamaModelFiles.Load(Folder.StartModel, Dtype, Config.Lora);
        if (iteration == 0)
            model.Adapters!.Randomise(RandomStream.From(Config.Seed, iteration, (int)RunPhase.Train));
        else
            AdapterFiles.Read(Folder.Adapter(iteration - 1), model.Adapters!, model.Adapters!.Parameters.Weights);
        return model;
    });

    /// <summary>The opponent of an iteration, frozen, answers every training prompt.</summary>
    public List<Pair> Generate(int iteration)
    {
        var path = Folder.Pairs(iteration);
        if (Ranks.Agreed(() => File.Exists(path))) return AnswerGeneration.Read(path);
        Progress.Enter(iteration, RunPhase.Generate, Train.Count);
        using var endpoint = Config.Generation.Endpoint is null ? null : EndpointGenerator.Open(Config.Generation);
        IAnswerSource opponent = endpoint is null
            ? _answers.By(ModelOf(iteration - 1))
            : EndpointGenerator.ForOpponent(endpoint, Config.Generation, iteration, Folder.Model(iteration - 1), Encoder, Stop);
        if (endpoint is not null && Config.Generation.EndpointApi == EndpointApi.Chat)
            Journal.Log(
                "generation.endpoint_api is \"chat\": the server renders the prompts by its own chat template, and the run's template renders them for training. Where the two differ, the opponent is not " +
                "quite the model that is trained; use \"completions\" where the server offers it", "warning");
        var pairs = _answers.Answer(
            opponent, Train, 1, (iteration, RunPhase.Generate), path, (done, tokens) => Progress.Tell(done, tokens), fresh => Tell(fresh, iteration, "train"), Stop);
        if (opponent is EndpointGenerator { Prompts: { RenderedOtherwise: > 0 } prompts })
            Journal.Log($"The server counts another number of tokens than the run's chat template makes in {prompts.RenderedOtherwise} of {prompts.Answered} prompts: it renders them otherwise", "warning");
        Progress.Leave();
        Journal.Sync();
        return pairs;
    }

    /// <summary>Trains on an objective, from the weights that opened the iteration or from its newest checkpoint, and saves the model.</summary>
    public void TrainAndSave(int iteration, Func<Objective> objective)
    {
        if (!Ranks.Agreed(() => Directory.Exists(Folder.Model(iteration))))
            TrainToTheEnd(iteration, objective);
        if (!Ranks.IsFirst) return;
        // Of no use once there is a model. Not done where it is saved: whoever was killed in between comes by here again.
        Checkpoint.Clear(Folder.Iteration(iteration));
        File.Delete(Folder.Masters(iteration - 1));
    }

    private void TrainToTheEnd(int iteration, Func<Objective> objective)
    {
        var model = MainPlayer(iteration);
        model.GradientCheckpointing = Config.GradientCheckpointing;
        using var optimizer = new FlatOptimizer(Config.Optimizer, Config.WeightDecay, model.Trained);
        RestoreMasters(iteration - 1, model, optimizer);
        var trainer = new Trainer(model, objective(), optimizer, Config, iteration, Ranks);
        var position = Checkpoint.Restore(Folder.Iteration(iteration), optimizer) ?? Opening(iteration);
        var (opening, tokensBefore) = (position.Step, position.Tokens);

        Ranks.RequireSame(optimizer.Masters, "The weights that training opens with");
        Progress.Enter(iteration, RunPhase.Train, trainer.Steps, opening);
        _held = null; // from here on the weights in memory are nobody's finished model
        try
        {
            var stopped = false;
            position = trainer.Train(position, (metrics, next) =>
            {
                position = next;
                Journal.Write(metrics);
                Progress.Tell(next.Step, next.Tokens - tokensBefore);
                stopped = Ranks.Any(Stop.IsCancellationRequested);
                if (stopped || (next.Step % Config.CheckpointEvery == 0 && next.Step < trainer.Steps))
                    SaveCheckpoint(iteration, optimizer, next);
                return !stopped;
            });
            if (stopped) throw new OperationCanceledException(Stop);
        }
        catch (RankLostException) when (Ranks.IsFirst && position.Step > opening)
        {
            SaveCheckpoint(iteration, optimizer, position);
            throw;
        }
        Progress.Leave();

        Progress.Enter(iteration, RunPhase.Save, 1);
        Ranks.Once(() => SaveModel(iteration, model, optimizer, position));
        // Without adapters the weights in memory are those that rank 0 has saved, on every rank.
        if (model.Adapters is null) _held = Folder.Model(iteration);
        Progress.Leave();
        Journal.Sync();
    }

    /// <summary>Measures the model that finished an iteration on the held-out examples.</summary>
    /// <param name="loss">The iteration's loss, if it learned from pairs: held-out ones are judged, of human answers and those of the model before, or the rejected ones.</param>
    public void Evaluate(int iteration, SpinLoss? loss)
    {
        if (HeldOut.Count == 0) return;
        if (!Ranks.Agreed(() => File.Exists(Folder.Evaluation(iteration))))
        {
            var model = ModelOf(iteration);
            Progress.Enter(iteration, RunPhase.Evaluate, (long)HeldOut.Count * Config.Evaluation.SamplesPerPrompt);
            var answers = _answers.Answer(
                _answers.By(model), HeldOut, Config.Evaluation.SamplesPerPrompt, (iteration, RunPhase.Evaluate), Folder.HeldOutSamples(iteration),
                (done, tokens) => Progress.Tell(done, tokens), fresh => Tell(fresh, iteration, "held_out"), Stop);
            var report = Judge(model, iteration, answers, loss);
            Ranks.Once(() => AtomicFile.WriteJson(Folder.Evaluation(iteration), report));
            Progress.Leave();
        }
        Journal.Write(new EvaluationEvent(AtomicFile.ReadJson<EvaluationReport>(Folder.Evaluation(iteration))));
        Journal.Sync();
    }

    public void Dispose() => _model?.Dispose();

    private EvaluationReport Judge(LlamaModel model, int iteration, List<Pair> answers, SpinLoss? loss)
    {
        List<TokenSequence> human = [.. HeldOut.Select(Sequence)];
        var real = HeldOutEvaluation.LogProbs(model, human, cancel: Stop, ranks: Ranks);
        var own = HeldOutEvaluation.LogProbs(model, Opposing(answers), cancel: Stop, ranks: Ranks);
        Ranks.Once(() => new ReferenceLogProbs(real, own).Save(Folder.HeldOutLogProbs(iteration)));

        var before = iteration < 0 ? null : ReferenceLogProbs.Load(Folder.HeldOutLogProbs(iteration - 1));
        (double Human, double Opponent)[]? rewards = null;
        if (loss is not null)
        {
            var opposing = Opposing(AnswerGeneration.Read(Folder.HeldOutSamples(iteration - 1)));
            var generated = HeldOutEvaluation.LogProbs(model, opposing, cancel: Stop, ranks: Ranks);
            rewards = [.. human.Select((answer, i) => (Reward(real[i], before!.Real[i], answer), Reward(generated[i], before.Generated[i], opposing[i])))];
        }
        Ranks.Once(() => HeldOutScore.Save(Folder.HeldOutScores(iteration), HeldOut.Select((example, i) => new HeldOutScore(
            i, example.PromptId, real[i], Config.Kind == RunKind.Dpo ? null : own[i], rewards?[i].Human, rewards?[i].Opponent))));
        return HeldOutEvaluation.Report(iteration, answers, human, real, before?.Real, rewards is null ? null : [.. rewards.Select(pair => pair.Human - pair.Opponent)]);

        double Reward(double logProb, double reference, TokenSequence sequence) => loss!.Beta * (logProb - reference) / (loss.LengthNormalised ? sequence.Answer.Length : 1);

        TokenSequence Sequence(Example example)
        {
            var encoded = Encoder.Encode(example);
            return new TokenSequence(encoded.Prompt, encoded.Answer);
        }

        // What the human answers are told from: a model's first answer to each prompt, or the rejected one.
        List<TokenSequence> Opposing(IEnumerable<Pair> pairs) => Config.Kind == RunKind.Dpo
            ? [.. HeldOut.Select(example => Sequence(example with { Response = example.Rejected! }))]
            : [.. pairs.Where(p => p.Sample == 0).Select(p => new TokenSequence(human[p.Index].Prompt, [.. p.GeneratedIds]))];
    }

    private ScalarType Dtype => Config.Dtype == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>The model of that name if it is in memory, else loads it in place of the one that is.</summary>
    private LlamaModel Hold(string name, Func<LlamaModel> load)
    {
        if (_model is null || _held != name)
        {
            _model?.Dispose();
            (_model, _held) = (null, null);
            (_model, _held) = (load(), name);
        }
        return _model;
    }

    private TrainingPosition Opening(int iteration)
    {
        if (!File.Exists(Folder.Trained(iteration - 1))) return new TrainingPosition(0, 0, 0);
        var before = AtomicFile.ReadJson<TrainingPosition>(Folder.Trained(iteration - 1));
        return before with { Step = 0 };
    }

    /// <summary>Saves what an iteration made: the model, last of all, and the fp32 weights that the next iteration goes on from. With adapters those are the adapter's.</summary>
    private void SaveModel(int iteration, LlamaModel model, FlatOptimizer optimizer, TrainingPosition position)
    {
        Directory.CreateDirectory(Folder.Iteration(iteration)); // supervised training makes no pairs and, if short, no checkpoint
        AtomicFile.WriteJson(Folder.Trained(iteration), position);
        if (model.Adapters is { } adapters)
        {
            AdapterFiles.Save(adapters, optimizer.Masters, new DirectoryInfo(Config.Model).Name, Folder.Adapter(iteration));
            model = Hold(Folder.Model(iteration), () => AdapterFiles.LoadMerged(Folder.StartModel, Folder.Adapter(iteration), Dtype));
        }
        else if (model.Dtype != ScalarType.Float32)
        {
            TensorFile.Save(Folder.Masters(iteration), [("masters", optimizer.Masters)]);
        }
        LlamaModelFiles.Save(model, Folder.StartModel, Folder.Model(iteration));
    }

    private void RestoreMasters(int iteration, LlamaModel model, FlatOptimizer optimizer)
    {
        if (model.Adapters is { } adapters && Directory.Exists(Folder.Adapter(iteration)))
        {
            AdapterFiles.Read(Folder.Adapter(iteration), adapters, optimizer.Masters);
            optimizer.PublishMasters();
        }
        if (!File.Exists(Folder.Masters(iteration))) return;
        using var file = SafetensorsFile.Open(Folder.Masters(iteration));
        TensorFile.CopyTo(file, "masters", optimizer.Masters);
        optimizer.PublishMasters();
    }

    private void SaveCheckpoint(int iteration, FlatOptimizer optimizer, TrainingPosition position)
    {
        if (!Ranks.IsFirst) return;
        var (path, bytes) = Checkpoint.Save(Folder.Iteration(iteration), optimizer, position);
        Journal.Write(new CheckpointEvent(iteration, position.Step, Path.GetRelativePath(Folder.Root, path), bytes));
        Journal.Sync();
    }

    private void Tell(IEnumerable<Pair> pairs, int iteration, string split)
    {
        foreach (var pair in pairs.Where(p => p.Sample == 0 && p.Index < SamplesTold))
            Journal.Write(new SampleEvent(iteration, split, pair.PromptId, pair.Prompt, pair.Real, pair.Generated, pair.FinishReason));
    }

    /// <summary>All phases to come, with as many units as can be foreseen.</summary>
    private IEnumerable<PlannedPhase> Plan()
    {
        var heldOut = (long)HeldOut.Count * Config.Evaluation.SamplesPerPrompt;
        yield return new PlannedPhase(-1, RunPhase.Evaluate, heldOut, "prompts");
        for (var t = 0; t < Config.PlannedIterations(); t++)
        {
            var items = Config.Kind == RunKind.Spin ? Train.Count * Math.Min(t + 1, Config.Window) : Train.Count;
            if (Config.Kind == RunKind.Spin)
                yield return new PlannedPhase(t, RunPhase.Generate, Train.Count, "prompts");
            if (Config.Kind != RunKind.Sft)
                yield return new PlannedPhase(t, RunPhase.Score, items, "pairs");
            yield return new PlannedPhase(t, RunPhase.Train, Trainer.TotalSteps((items + Config.MicroBatchSize - 1) / Config.MicroBatchSize, Config), "steps", Math.Min(Config.BatchSize, items));
            yield return new PlannedPhase(t, RunPhase.Save, 1, "models");
            yield return new PlannedPhase(t, RunPhase.Evaluate, heldOut, "prompts");
        }
    }
}
