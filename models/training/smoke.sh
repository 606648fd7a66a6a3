#!/usr/bin/env bash
# Training reproduces: two minutes on a CPU lower the loss and leave a model folder behind. smoke.sh [FOLDER] [MINUTES]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out="${1:-$(mktemp -d)}"
minutes="${2:-2}"
python="${PYTHON:-python3}"
if ! "$python" -c 'import torch, numpy' 2>/dev/null; then
  echo "smoke: $python has no torch or no numpy; on Debian: apt-get install --no-install-recommends python3-torch libopenblas0-pthread, and PYTHON=/usr/bin/python3" >&2
  exit 2
fi
mkdir -p "$out"
dotnet build "$here/../TaskWriter" -c Release -v q -nologo
dotnet "$here/../TaskWriter/bin/Release/net10.0/astraea-tasks.dll" --count 3000 >"$out/train.jsonl"
"$python" "$here/train.py" --out "$out/run" --data "$out/train.jsonl" --size tiny --batch 4096 --rate 4e-3 --minutes "$minutes" --no-curriculum
"$python" - "$out/run" <<'PYTHON'
import csv, json, os, sys
run = sys.argv[1]
losses = [float(row["loss"]) for row in csv.DictReader(open(os.path.join(run, "loss.csv")))]
size = os.path.getsize(os.path.join(run, "model", "model.safetensors"))
for name in ["config.json", "tokenizer.json", "chat_template.jinja", "generation_config.json"]:
    assert os.path.getsize(os.path.join(run, "model", name)) > 0, name
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}, model.safetensors {size} bytes")
sys.exit(0 if losses[-1] < 0.8 * losses[0] else 1)
PYTHON
