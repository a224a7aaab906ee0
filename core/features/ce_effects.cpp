#include "core/features/ce_effects.h"

#include "core/features/index_file_impl.h"
#include "core/features/index_tensors_impl.h"
#include "core/io/folder_lock.h"

#include <algorithm>

namespace tt {

namespace fs = std::filesystem;

bool CeEffects::isEmpty() const {
    return std::all_of(measured.begin(), measured.end(), [](int32_t windows) { return windows == 0; });
}

int32_t CeEffects::windows() const {
    std::optional<int32_t> least;
    for (size_t row = 0; row < measured.size(); ++row)
        if (measured[row] < firing[row])
            least = std::min(least.value_or(measured[row]), measured[row]);
    return least.value_or(0);
}

bool CeEffects::isExact() const {
    return !isEmpty() && measured == firing;
}

std::optional<double> CeEffects::rise(int layer, int feature) const {
    const auto row = static_cast<size_t>(layer) * static_cast<size_t>(features) + static_cast<size_t>(feature);
    if (row >= measured.size() || measured[row] == 0)
        return std::nullopt;
    return sum[row] / measured[row] * firing[row] / static_cast<double>(tokens);
}

fs::path ceEffectsFile(const fs::path &transcoderFolder) {
    return transcoderFolder / "ce_effects.safetensors";
}

CeEffects readCeEffects(const fs::path &path, const IndexIdentity &identity) {
    try {
        const SafetensorsFile file(path);
        checkIndexFile(file, identity);
        std::vector<int64_t> shape;
        readTensor(file, "shape", shape, 3);
        CeEffects read{.layers = static_cast<int>(shape[0]),
                       .features = static_cast<int>(shape[1]),
                       .tokens = shape[2],
                       .sum = {},
                       .measured = {},
                       .firing = {}};
        readTensor(file, "sum", read.sum, shape[0] * shape[1]);
        readTensor(file, "measured", read.measured, shape[0] * shape[1]);
        readTensor(file, "firing", read.firing, shape[0] * shape[1]);
        return read;
    } catch (const Error &) {
        return {};
    }
}

void writeCeEffects(const fs::path &path, const CeEffects &effects, const IndexIdentity &identity) {
    const std::vector<int64_t> shape{effects.layers, effects.features, effects.tokens};
    const auto rows = std::ssize(effects.sum);
    const std::vector<TensorToWrite> tensors{tensorOf("shape", DType::I64, {3}, shape),
                                             tensorOf("sum", DType::F64, {rows}, effects.sum),
                                             tensorOf("measured", DType::I32, {rows}, effects.measured),
                                             tensorOf("firing", DType::I32, {rows}, effects.firing)};
    auto metadata = identityMetadata(identity);
    metadata["content"] = contentOf(tensors);
    writeSafetensors(path, tensors, metadata);
}

void addCeEffects(const fs::path &path, const CeEffects &effects, const IndexIdentity &identity) {
    const WriteTurn turn(path.parent_path());
    const CeEffects there = readCeEffects(path, identity);
    CeEffects all = effects;
    if (there.measured.size() == all.measured.size() && there.tokens == all.tokens)
        for (size_t row = 0; row < all.measured.size(); ++row)
            if (there.measured[row] > all.measured[row]) {
                all.measured[row] = there.measured[row];
                all.sum[row] = there.sum[row];
            }
    writeCeEffects(path, all, identity);
}

} // namespace tt
