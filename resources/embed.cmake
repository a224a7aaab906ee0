# cmake -DOUTPUT=… -DROOT=… "-DFILES=a;b" -P embed.cmake: writes a .cpp with the files as byte arrays.
set(arrays "")
set(entries "")
set(number 0)
list(SORT FILES)
foreach(file ${FILES})
  file(READ ${ROOT}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REPEAT "." 80 line) # 16 bytes of five characters each
  string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char file${number}[] = {\n    ${bytes}0};\n")
  string(APPEND entries "    {\"${file}\", viewOf(file${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by resources/embed.cmake.
#include \"resources/resources.h\"

#include <map>

namespace tt {

namespace {
${arrays}
template <size_t size>
std::string_view viewOf(const unsigned char (&bytes)[size]) {
    return {reinterpret_cast<const char *>(bytes), size - 1}; // a zero ends each array, so that none is empty
}

const std::map<std::string_view, std::string_view> &files() {
    static const std::map<std::string_view, std::string_view> all{
${entries}    };
    return all;
}
} // namespace

std::string_view resource(std::string_view name) {
    return files().at(name);
}

std::vector<std::string_view> resourceNames(std::string_view prefix) {
    std::vector<std::string_view> names;
    for (const auto &[name, bytes] : files()) {
        if (name.starts_with(prefix))
            names.push_back(name);
    }
    return names;
}

} // namespace tt
")
