#pragma once

#include "core/io/safetensors.h"

#include <cstring>
#include <string>
#include <vector>

namespace tt {

template <class T>
TensorToWrite tensorOf(std::string name, DType type, std::vector<int64_t> shape, const std::vector<T> &values) {
    return {std::move(name), type, std::move(shape), std::as_bytes(std::span(values))};
}

/// The bytes of a tensor of an interrupted pass as values; `size` −1 takes any number of them. Throws Error.
template <class T>
void readTensor(const SafetensorsFile &file, const std::string &name, std::vector<T> &values, int64_t size = -1) {
    const TensorView *view = file.find(name);
    if (!view || (size >= 0 && view->data.size() != static_cast<size_t>(size) * sizeof(T)))
        throw Error("The tensor \"" + name + "\" of an interrupted pass is missing or has another size.");
    values.resize(view->data.size() / sizeof(T));
    if (!values.empty())
        std::memcpy(values.data(), view->data.data(), values.size() * sizeof(T));
}

} // namespace tt
