/** A curve of a panel. */
export interface Curve {
  name: string;
  label: string;
  colour: string;
  dash?: number[];
}

/** What one chart shows. */
export interface Panel {
  id: string;
  title: string;
  /** One sentence for people who do not know the figure. */
  about: string;
  curves: Curve[];
  /** A value worth knowing, with its name. */
  mark?: { value: number; label: string };
  /** Always positive, so that a logarithmic axis makes sense. */
  positive?: boolean;
  /** Fixed ends of the y axis. */
  range?: [number, number];
  /** Without noise, so that smoothing would only show something else. */
  exact?: boolean;
  /** Shown on the overview. */
  main?: boolean;
}

/** The charts of a run, by what kind of run it is. Start: the loss at which an iteration starts; null where it is not fixed. */
export function panels(kind: string, start: number | null): Panel[] {
  const mark = start === null ? undefined : { value: start, label: start === 1 ? "1" : "ln 2" };
  const loss: Panel = {
    id: "loss",
    title: "Loss",
    about: kind === "sft" ? "Negative log-likelihood of the human answers, in nats a token." : `How badly ${kind === "dpo" ? "chosen answers are told from rejected ones" : "human answers are told from the opponent's"}.${mark ? ` Each iteration starts at ${mark.label}: they cannot be told apart.` : ""}`,
    curves: [{ name: "loss", label: "Loss", colour: "--series-1" }],
    positive: true,
    main: true,
  };
  const rate: Panel = {
    id: "rate",
    title: "Learning rate",
    about: "Size of the optimizer's step: warm-up, then a linear fall.",
    curves: [{ name: "learning_rate", label: "Learning rate", colour: "--series-4" }],
    positive: true,
    exact: true,
  };
  const norm: Panel = {
    id: "norm",
    title: "Gradient norm",
    about: "Before clipping. Spikes mean that single batches pull hard.",
    curves: [{ name: "grad_norm", label: "Gradient norm", colour: "--series-5" }],
    positive: true,
  };
  if (kind === "sft") return [loss, rate, norm];
  const [real, generated] = kind === "dpo" ? ["Chosen", "Rejected"] : ["Human", "Generated"];
  loss.mark = mark;
  return [
    loss,
    {
      id: "rewards",
      title: "Rewards",
      about: "Implicit reward of each side: β times the change of its log-probability. Healthy: the first does not fall far while the second falls.",
      curves: [
        { name: "rewards/real", label: real, colour: "--series-1" },
        { name: "rewards/generated", label: generated, colour: "--series-2", dash: [6, 3] },
      ],
      mark: { value: 0, label: "" },
      main: true,
    },
    {
      id: "margins",
      title: "Margin",
      about: `${real} reward minus ${generated.toLowerCase()} reward. It starts at 0 in each iteration.`,
      curves: [{ name: "rewards/margins", label: "Margin", colour: "--series-3" }],
      mark: { value: 0, label: "" },
      main: true,
    },
    {
      id: "accuracies",
      title: "Reward accuracy",
      about: `Share of pairs in which the ${real.toLowerCase()} answer has the larger reward. One half is guessing.`,
      curves: [{ name: "rewards/accuracies", label: "Accuracy", colour: "--series-3" }],
      mark: { value: 0.5, label: "½" },
      range: [0, 1],
      main: true,
    },
    {
      id: "logps",
      title: "Log-probability of the answers",
      about: "Summed over the tokens of an answer, in nats.",
      curves: [
        { name: "logps/real", label: real, colour: "--series-1" },
        { name: "logps/generated", label: generated, colour: "--series-2", dash: [6, 3] },
      ],
    },
    rate,
    norm,
  ];
}
