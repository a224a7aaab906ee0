// Safetensors files: every tensor of one that opens can be read to its last byte, and written again.
#include "core/error.h"
#include "core/io/safetensors.h"
#include "fuzz/target.h"

#include <climits>

using namespace tt;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    try {
        const SafetensorsFile file(fuzz::write("input.safetensors", fuzz::text(data, size)));
        std::vector<TensorToWrite> tensors;
        unsigned sum = 0;
        for (const TensorView &tensor : file.tensors()) {
            fuzz::require(file.find(tensor.name) != nullptr, "a tensor is found by its name");
            for (const std::byte byte : tensor.data)
                sum += std::to_integer<unsigned>(byte);
            tensors.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.data});
            try {
                const std::vector<float> values = file.floats(tensor.name, tensor.shape);
                sum += static_cast<unsigned>(values.size());
            } catch (const Error &) { // no floats, or a NaN among them
            }
        }
        fuzz::require(sum < UINT_MAX, "the bytes of a small file have a small sum"); // so that they are read
        const auto copy = fuzz::folder() / "copy.safetensors";
        writeSafetensors(copy, tensors, file.metadata());
        const SafetensorsFile again(copy);
        fuzz::require(again.tensors().size() == file.tensors().size(), "what is written reads back");
        fuzz::require(again.metadata() == file.metadata(), "so does what is said of it");
    } catch (const Error &error) {
        fuzz::require(*error.what() != '\0', "an error says something");
    }
    return 0;
}
