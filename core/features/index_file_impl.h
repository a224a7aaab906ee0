#pragma once

#include "core/features/feature_index.h"
#include "core/io/safetensors.h"

#include <map>
#include <string>

namespace tt {

constexpr const char *indexVersion = "1";

/// Metadata of an index and of an interrupted pass.
std::map<std::string, std::string> identityMetadata(const IndexIdentity &identity);
/// Fingerprint of the tensors' bytes, in their order.
std::string contentOf(std::span<const TensorToWrite> tensors);
/// Throws Error with half a sentence that says why the file cannot be used.
void checkIndexFile(const SafetensorsFile &file, const IndexIdentity &identity);

} // namespace tt
