#include "core/io/json_impl.h"

#include "core/io/file.h"

namespace tt {

Json parseJsonObject(const std::string &text, const std::string &what) {
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        throw Error(what + " is not a JSON object; it is damaged or was cut short.");
    return json;
}

Json readJsonObject(const std::filesystem::path &file) {
    return parseJsonObject(readFile(file, size_t{256} << 20), file.string());
}

std::string writeJson(const OrderedJson &json) {
    return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

} // namespace tt
