import { findAdapter } from "../src/adapter.ts";
import { matrixFeature } from "../src/device/matrix-units.ts";

/** As an adapter lists it: left, [M, K], times right, [K, N], with sums in f32. */
export interface EmulatedConfig {
  readonly componentType: "f16" | "f32";
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/**
 * This machine's adapter, which needs subgroups, with matrix units that it does not have: kernels that use them
 * are compiled with functions in their place, which do what the extension's description says. It says that it is
 * a graphics card, so that kernels take the forms for such a one.
 *
 * @param isWrong - whether the last subgroup of a workgroup multiplies nothing, as a faulty driver's would.
 */
export async function emulatedMatrices(config: EmulatedConfig, isWrong = false): Promise<GPUAdapter> {
  const adapter = await findAdapter();
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  const info = {
    ...{ vendor: "emulated", architecture: "", device: "", description: "", isFallbackAdapter: false },
    ...{ subgroupMinSize, subgroupMaxSize },
    subgroupMatrixConfigs: [{ ...config, resultComponentType: "f32" }],
  };
  return new Proxy(adapter, {
    get(target, key) {
      if (key === "info") return info;
      if (key === "features") return new Set([...target.features, matrixFeature]);
      if (key === "requestDevice")
        return (wanted: GPUDeviceDescriptor) => emulatedDevice(target, wanted, isWrong);
      return Reflect.get(target, key, target);
    },
  });
}

async function emulatedDevice(
  adapter: GPUAdapter,
  descriptor: GPUDeviceDescriptor,
  isWrong: boolean,
): Promise<GPUDevice> {
  const requiredFeatures = [...(descriptor.requiredFeatures ?? [])].filter((name) => name !== matrixFeature);
  const device = await adapter.requestDevice({ ...descriptor, requiredFeatures });
  const compile = device.createShaderModule.bind(device);
  device.createShaderModule = (module) => {
    const code = emulated(module.code);
    return compile({
      ...module,
      code: isWrong ? code.replace("block < BLOCKS", "block < BLOCKS - 1") : code,
    });
  };
  Object.defineProperty(device, "features", { value: new Set([...device.features, matrixFeature]) });
  return device;
}

const enable = "enable chromium_experimental_subgroup_matrix;";

interface Size {
  readonly rows: string;
  readonly columns: string;
}

/**
 * The text of a kernel without the extension. A matrix that is loaded is a place in workgroup memory, where it
 * stays for as long as it is used; the elements of sums are spread over the lanes of a subgroup.
 */
export function emulated(source: string): string {
  if (!source.includes(enable)) return source;
  const functions: string[] = [];
  const sizes: Record<string, Size> = {};
  const text = source
    .replace(enable, "")
    // The type of a matrix names its columns before its rows.
    .replace(
      /alias (\w+) = subgroup_matrix_(left|right|result)<(\w+), (\w+), (\w+)>;/g,
      (_, name: string, side: string, component: string, columns: string, rows: string) => {
        sizes[name] = { rows, columns };
        if (side === "result") return `struct ${name} { own: array<${component}, ${rows} * ${columns} / 4> }`;
        return `struct ${name} { offset: u32, stride: u32 }`;
      },
    )
    .replace(
      /subgroupMatrixLoad<(\w+), (row|col)_major>\(&(\w+), /g,
      (_, type: string, order: string, memory: string) => {
        const at = order === "row" ? "row * place.stride + column" : "column * place.stride + row";
        functions.push(`fn element_${type}(place: ${type}, row: u32, column: u32) -> f32 {
          return f32(${memory}[place.offset + ${at}]);
        }`);
        return `${type}(`;
      },
    )
    .replace(/subgroupMatrixStore<row_major>\(&(\w+), /g, (_, memory: string) => {
      functions.push(storeOf(memory, sizes));
      return "store_sums(";
    })
    // A bound that compilers do not know, or they unroll the loops: seconds for each.
    .replace(/ < (MATRICES_DOWN|MATRICES_ACROSS|TILE_COLUMNS); /g, " < min($1, rows * $1); ")
    .replace("subgroupMatrixMultiplyAccumulate(", () => {
      functions.push(multiplyAccumulate(sizes));
      return "multiply_accumulate(";
    });
  if (/subgroup_?matrix/i.test(text))
    throw new Error("A kernel uses matrices in a way that is not emulated.");
  return [text, ...functions].join("\n");
}

/** Subgroups count their lanes, for functions are not told of them. */
const eachOwn = ({ Sums }: Readonly<Record<string, Size>>, body: string): string => `
  let lanes = subgroupAdd(1u);
  for (var i = subgroupExclusiveAdd(1u); i < ${Sums!.rows} * ${Sums!.columns}; i += lanes) {
    let row = i / ${Sums!.columns};
    let column = i % ${Sums!.columns};
    ${body}
  }`;

const storeOf = (memory: string, sizes: Readonly<Record<string, Size>>): string => `
fn store_sums(offset: u32, value: Sums, stride: u32) {
  var stored = value;
  ${eachOwn(sizes, `${memory}[offset + row * stride + column] = stored.own[i / lanes];`)}
}`;

const multiplyAccumulate = (sizes: Readonly<Record<string, Size>>): string => {
  const { Left, Right, Sums } = sizes;
  return `
const_assert ${Left!.rows} == ${Sums!.rows};
const_assert ${Left!.columns} == ${Right!.rows};
const_assert ${Right!.columns} == ${Sums!.columns};
fn multiply_accumulate(left: Left, right: Right, sums: Sums) -> Sums {
  var added = sums;
  let columns = min(${Left!.columns}, left.stride);
  ${eachOwn(
    sizes,
    `var sum = added.own[i / lanes];
    for (var k = 0u; k < columns; k++) {
      sum += element_Left(left, row, k) * element_Right(right, k, column);
    }
    added.own[i / lanes] = sum;`,
  )}
  return added;
}`;
};
