namespace SpinStudio.Engine.Tokenization;

/// <summary>Chat templates by name, for models whose folder has none.</summary>
public static class BuiltInTemplates
{
    private const string Roles =
        "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token + '\\n' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

    private const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private const string Llama3 =
        "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";

    /// <summary>The system text goes into the first user turn.</summary>
    private const string Llama2 =
        "{% set first = namespace(text='') %}{% for message in messages %}{% if message['role'] == 'system' %}{% set first.text = '<<SYS>>\\n' + message['content'] | trim + '\\n<</SYS>>\\n\\n' %}" +
        "{% elif message['role'] == 'user' %}{{ bos_token ~ '[INST] ' ~ first.text ~ message['content'] | trim ~ ' [/INST]' }}{% set first.text = '' %}" +
        "{% else %}{{ ' ' ~ message['content'] | trim ~ ' ' ~ eos_token }}{% endif %}{% endfor %}";

    private const string Mistral =
        "{{ bos_token }}{% set first = namespace(text='') %}{% for message in messages %}{% if message['role'] == 'system' %}{% set first.text = message['content'] | trim + '\\n\\n' %}" +
        "{% elif message['role'] == 'user' %}{{ '[INST] ' ~ first.text ~ message['content'] | trim ~ ' [/INST]' }}{% set first.text = '' %}" +
        "{% else %}{{ ' ' ~ message['content'] | trim ~ eos_token }}{% endif %}{% endfor %}";

    /// <summary>
    /// The form of the SPIN paper's own data (Chen et al., arXiv 2401.01335). The prompt ends before the space, because tokenizers join a space with the word after it.
    /// </summary>
    private const string Instruction =
        "{% for message in messages %}{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}{% elif message['role'] == 'user' %}{{ '### Instruction: ' + message['content'] + '\\n\\n' }}" +
        "{% else %}{{ '### Response: ' + message['content'] + eos_token + '\\n\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '### Response:' }}{% endif %}";

    private static readonly (string Name, string Source, string[] Tokens)[] All =
    [
        ("zephyr", Roles, []),
        ("chatml", ChatMl, ["<|im_start|>", "<|im_end|>"]),
        ("llama-2", Llama2, []),
        ("llama-3", Llama3, ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]),
        ("mistral", Mistral, []),
        ("instruction", Instruction, []),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(one => one.Name)];

    /// <summary>Source of the template of that name.</summary>
    /// <exception cref="BadInputException">There is none, or the tokenizer lacks a control token that it writes.</exception>
    public static string For(string name, Tokenizer tokenizer)
    {
        var (_, source, tokens) = All.FirstOrDefault(one => one.Name == name);
        if (source is null)
            throw new BadInputException($"there is no chat template '{name}'; there are {string.Join(", ", Names)}");
        return tokens.FirstOrDefault(token => !IsControl(token, tokenizer)) is { } missing
            ? throw new BadInputException($"chat template '{name}' writes the control token '{missing}', which this tokenizer lacks; zephyr and instruction need none but the end token")
            : source;
    }

    /// <summary>Name of the built-in template with that source, or null.</summary>
    public static string? NameOf(string source) => All.FirstOrDefault(one => one.Source == source).Name;

    /// <summary>What is taken when neither folder nor run names one: ChatML or Llama 3's form if the tokenizer has their tokens, else Zephyr's, which needs only the end token.</summary>
    internal static string SuitedTo(Tokenizer tokenizer) => (All.FirstOrDefault(one => one.Tokens.Length > 0 && one.Tokens.All(token => IsControl(token, tokenizer))).Source) ?? Roles;

    private static bool IsControl(string token, Tokenizer tokenizer) => tokenizer.IdOf(token) is { } id && tokenizer.IsSpecial(id);
}
