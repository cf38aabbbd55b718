// Compiles the addon for the machine that this runs on. The packages of the platforms call it.
//
// Needs gcc, clang or another C compiler that takes their options, named by CC or found as cc. Without one
// nothing is built, which is no failure: whoever runs Krait then gets the WebAssembly backend.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, devNull, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const own = fileURLToPath(new URL(".", import.meta.url));
const shared = fileURLToPath(new URL("../../cpu-kernels/kernels", import.meta.url));

const common = [
  "-std=c17",
  "-fPIC",
  "-fvisibility=hidden",
  "-ffp-contract=off",
  "-Wall",
  "-Wextra",
  "-Wno-psabi",
];

const machine = (features) => features.split(" ").map((feature) => `-m${feature}`);
const avx2 = machine("avx2 fma f16c");
const avx512 = machine("avx512f avx512bw avx512vl avx512dq avx512vnni fma f16c");

/** The kernels are compiled once for each of these. */
const instructionSets = {
  baseline: ["-O2"],
  ...(process.arch === "x64" && {
    avx2: ["-O3", ...avx2],
    avx512: ["-O3", ...avx512],
    amx: ["-O3", ...avx512, ...machine("amx-tile amx-int8")],
  }),
};

/** The same for tests on processors with AVX2, of which headers in a folder make instructions that they lack. */
const emulatedSets = (folder) => ({
  baseline: ["-O1"],
  avx512: ["-O1", ...avx2, "-include", join(folder, "avx512.h")],
  amx: ["-O1", ...avx2, "-include", join(folder, "amx.h")],
});

/** The C files, of which an emulation has its own in place of some. */
function sources(emulation) {
  const replaced = emulation ? readdirSync(emulation).filter((name) => name.endsWith(".c")) : [];
  return readdirSync(own)
    .filter((name) => name.endsWith(".c"))
    .map((name) => ({ name, path: join(replaced.includes(name) ? emulation : own, name) }));
}

/** Older compilers do not know the newest instructions. */
function knows(compiler, flags) {
  try {
    execFileSync(compiler, [...flags, "-x", "c", "-E", "-o", devNull, "-"], {
      input: "",
      stdio: ["pipe", "ignore", "ignore"],
    });
    return true;
  } catch {
    return false;
  }
}

/** The first C compiler that is there. */
function findCompiler() {
  return [process.env.CC, "cc", "gcc", "clang"].find((compiler) => {
    try {
      execFileSync(compiler ?? "", ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

function fail({ message, stderr }) {
  console.error(stderr || message);
  process.exit(1);
}

async function compile(compiler, output, headers, emulation) {
  const includes = [`-I${shared}`, `-I${headers}`, `-I${own}`];
  const folder = mkdtempSync(join(tmpdir(), "krait-native-"));
  const jobs = [];
  const objects = [];
  const add = (name, source, flags) => {
    const object = join(folder, `${name}.o`);
    objects.push(object);
    jobs.push([...common, ...flags, ...includes, "-c", source, "-o", object]);
  };
  const defines = [];
  for (const [name, flags] of Object.entries(emulation ? emulatedSets(emulation) : instructionSets)) {
    if (!knows(compiler, flags)) continue;
    defines.push(`-DCOMPILED_FOR_${name.toUpperCase()}`);
    add(`kernels-${name}`, join(own, "kernels.c"), [...flags, `-DINSTRUCTION_SET=${name}`]);
  }
  for (const { name, path } of sources(emulation)) {
    if (name !== "kernels.c") add(name, path, ["-O2", ...defines]);
  }
  try {
    const work = async () => {
      for (let job = jobs.shift(); job; job = jobs.shift())
        await promisify(execFile)(compiler, job).catch(fail);
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    mkdirSync(dirname(output), { recursive: true });
    const undefinedSymbols = process.platform === "darwin" ? ["-Wl,-undefined,dynamic_lookup"] : [];
    execFileSync(compiler, ["-shared", "-s", "-pthread", ...undefinedSymbols, ...objects, "-o", output]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Compiles the addon to `output`; `headers` is the folder of node_api.h, `emulation` that of what stands for instructions
 * in tests.
 */
export async function buildAddon({ output, headers, emulation }) {
  const compiler = process.platform === "win32" ? undefined : findCompiler();
  if (compiler === undefined) {
    console.log("@krait/backend-native is not built: there is no C compiler (gcc or clang) here.");
    return;
  }
  await compile(compiler, resolve(output), headers, emulation);
}
