"""What PyTorch and transformers make of a model's shape with random weights in bf16.

transformers-peer.py CONFIG CONTEXT PROMPT TOKENS [DEVICE, cuda unless given]

Prints lines of JSON: figures as they are found, and "missing" with what is not there.
"""
import json
import sys
import time

config = json.loads(sys.argv[1])
context, prompt, tokens = map(int, sys.argv[2:5])
device = sys.argv[5] if len(sys.argv) > 5 else "cuda"


def tell(**figures):
    print(json.dumps(figures), flush=True)


def stop(why):
    tell(missing=why)
    sys.exit(0)


try:
    import torch
except ImportError as error:
    stop(str(error))
if device == "cuda" and not torch.cuda.is_available():
    stop("PyTorch finds no GPU")


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(run, rounds=3):
    run()
    wait()
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        wait()
        best = min(best, time.perf_counter() - start)
    return best


size = 8192 if device == "cuda" else 64
a, b = (torch.randn(size, size, device=device).to(torch.bfloat16) for _ in range(2))
tell(matmul=2 * size**3 / seconds(lambda: a @ b))

try:
    import transformers

    tell(name=f"transformers {transformers.__version__}")
    kind = config.pop("model_type")
    for remote in ("auto_map", "architectures"):
        config.pop(remote, None)
    settings = transformers.AutoConfig.for_model(kind, **config)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = transformers.AutoModelForCausalLM.from_config(settings).eval()

    def ids(count):
        return torch.randint(5, 255, (1, count), device=device)

    def generate(count):
        return model.generate(ids(context), max_new_tokens=count, min_new_tokens=count, do_sample=False)

    with torch.inference_mode():
        tell(decode=tokens / (seconds(lambda: generate(tokens + 1)) - seconds(lambda: generate(1))))
        tell(prefill=prompt / seconds(lambda: model(ids(prompt), logits_to_keep=1)))
except Exception as error:
    stop(f"{type(error).__name__}: {error}")
