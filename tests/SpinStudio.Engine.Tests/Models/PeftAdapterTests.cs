using System.Text.Json.Nodes;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Tests.Models;

public sealed class PeftAdapterTests : IDisposable
{
    private static readonly LoraConfig Settings = new() { Rank = 3, Alpha = 6, Dropout = 0.05, Rslora = true, Targets = ["q_proj", "v_proj", "down_proj"] };

    private readonly TemporaryFolder _folder = new();

    public PeftAdapterTests()
    {
        using var model = LowRankAdapterTests.Filled(ScalarType.Float32, Settings);
        AdapterFiles.Save(model.Adapters!, model.Adapters!.Parameters.Weights, "tiny", _folder.In("adapter"));
    }

    [Fact]
    public void Names_shapes_and_settings_are_those_of_peft()
    {
        using var file = SafetensorsFile.Open(_folder.In("adapter/adapter_model.safetensors"));
        Assert.Equal(2 * 3 * 2, file.Tensors.Count);
        Assert.Equal([3, 32], file.Find("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight")!.Shape);
        Assert.Equal([16, 3], file.Find("base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight")!.Shape);
        Assert.Equal([3, 48], file.Find("base_model.model.model.layers.1.mlp.down_proj.lora_A.weight")!.Shape);

        var json = JsonNode.Parse(File.ReadAllText(_folder.In("adapter/adapter_config.json")))!;
        Assert.Equal(("LORA", "CAUSAL_LM", "none", "tiny"), ((string)json["peft_type"]!, (string)json["task_type"]!, (string)json["bias"]!, (string)json["base_model_name_or_path"]!));
        Assert.Equal((3, 6.0, 0.05, true), ((int)json["r"]!, (double)json["lora_alpha"]!, (double)json["lora_dropout"]!, (bool)json["use_rslora"]!));

        var read = PeftAdapter.Open(_folder.In("adapter")).Settings;
        Assert.Equal(Settings.Targets, read.Targets);
        Assert.Equal(Settings, read with { Targets = Settings.Targets });
    }

    [Fact]
    public void Values_come_back()
    {
        using var saved = LowRankAdapterTests.Filled(ScalarType.Float32, Settings);
        using var model = TinyModel.ByFormula(adapters: Settings);
        AdapterFiles.Read(_folder.In("adapter"), model.Adapters!, model.Adapters!.Parameters.Weights);
        Assert.True(model.Adapters.Parameters.Weights.data<float>().SequenceEqual(saved.Adapters!.Parameters.Weights.data<float>()));
    }

    [Theory]
    [InlineData("peft_type", "\"LOHA\"", "peft_type LOHA is not read")]
    [InlineData("peft_type", null, "peft_type is missing")]
    [InlineData("use_dora", "true", "use_dora is set")]
    [InlineData("fan_in_fan_out", "true", "fan_in_fan_out is set")]
    [InlineData("bias", "\"all\"", "bias all is not read")]
    [InlineData("modules_to_save", "[\"lm_head\"]", "modules_to_save is set")]
    [InlineData("rank_pattern", "{\"q_proj\": 8}", "rank_pattern is set")]
    [InlineData("init_lora_weights", "\"pissa\"", "init_lora_weights pissa is not read")]
    [InlineData("target_modules", "[\"q_proj\", \"embed_tokens\"]", "target_modules has 'embed_tokens'")]
    [InlineData("target_modules", "\".*_proj\"", "target_modules must be a list")]
    [InlineData("r", "0", "r must be a number from 1")]
    public void Other_kinds_are_refused_by_name(string key, string? value, string message)
    {
        var path = _folder.In("adapter/adapter_config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json[key] = value is null ? null : JsonNode.Parse(value);
        File.WriteAllText(path, json.ToJsonString());
        var error = Assert.Throws<BadInputException>(() => PeftAdapter.Open(_folder.In("adapter")));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_of_another_shape_is_refused()
    {
        using var wider = TinyModel.ByFormula(TinyModel.Config with { IntermediateSize = 64 }, adapters: Settings);
        var error = Assert.Throws<BadInputException>(() => AdapterFiles.Read(_folder.In("adapter"), wider.Adapters!, wider.Adapters!.Parameters.Weights));
        Assert.Contains("mlp.down_proj.lora_A.weight has shape [3, 48]", error.Message, StringComparison.Ordinal);
        using var fewer = TinyModel.ByFormula(adapters: Settings with { Targets = ["q_proj"] });
        error = Assert.Throws<BadInputException>(() => AdapterFiles.Read(_folder.In("adapter"), fewer.Adapters!, fewer.Adapters!.Parameters.Weights));
        Assert.Contains("belongs to no projection", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_refused()
    {
        using var model = TinyModel.ByFormula(adapters: Settings);
        using var scope = torch.NewDisposeScope();
        var broken = torch.zeros_like(model.Adapters!.Parameters.Weights);
        broken.narrow(0, 5, 1).fill_(float.NaN);
        AdapterFiles.Save(model.Adapters, broken, "tiny", _folder.In("broken"));
        Assert.Contains("NaN", Assert.Throws<BadInputException>(() => AdapterFiles.Read(_folder.In("broken"), model.Adapters, model.Adapters.Parameters.Weights)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_an_adapter_alone_is_no_model() =>
        Assert.Contains("is an adapter", Assert.Throws<BadInputException>(() => ModelFolder.Open(_folder.In("adapter"))).Message, StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();
}
