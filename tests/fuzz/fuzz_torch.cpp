// Checkpoints of PyTorch. The first byte says what follows: a whole file, or a pickle to put into a sound archive.
#include "core/error.h"
#include "core/io/torch_file.h"
#include "core/nn/original_files.h"
#include "core/torch_file_writer.h"
#include "fuzz/target.h"

#include <climits>

using namespace tt;

namespace {

/// Every tensor that can be reached in a few steps is read; a pickle can make cycles.
unsigned readAll(TorchFile &file, const PickleValue &value, int depth) {
    unsigned sum = 0;
    if (value.kind == PickleValue::Kind::Tensor) {
        try {
            for (const float number : file.floats(value, "it", value.tensor->shape))
                sum += number > 0 ? 1U : 0U;
        } catch (const Error &) { // no floats, or outside its data
        }
    }
    for (size_t i = 0; depth > 0 && i < value.items.size() && i < 64; ++i)
        sum += readAll(file, *value.items[i], depth - 1);
    return sum;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const std::string bytes(fuzz::text(data + 1, size - 1));
    const auto path =
        fuzz::write("input.pth", (data[0] & 1U) == 0
                                     ? bytes
                                     : test::zipArchive({test::zipFile("archive/data.pkl", bytes),
                                                         test::zipFile("archive/data/0", std::string(64, '\x01'))}));
    try {
        TorchFile file(path);
        fuzz::require(readAll(file, file.root(), 3) < UINT_MAX, "a small file has few numbers");
    } catch (const Error &error) {
        fuzz::require(*error.what() != '\0', "an error says something");
    }
    for (const auto read : {+[](const std::filesystem::path &from) { readOriginalGpt(from); },
                            +[](const std::filesystem::path &from) { readOriginalTranscoder(from, 2); }})
        try {
            read(path);
        } catch (const Error &error) {
            fuzz::require(*error.what() != '\0', "an error says something");
        }
    return 0;
}
