# Warnings and sanitizers that every target of ours gets: target_link_libraries(x PRIVATE tt_warnings).
add_library(tt_warnings INTERFACE)
target_compile_options(tt_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                                             -Woverloaded-virtual -Wno-missing-field-initializers -Wnull-dereference -Wimplicit-fallthrough)
if(TT_WERROR)
  target_compile_options(tt_warnings INTERFACE -Werror)
endif()
if(TT_SANITIZE)
  add_compile_options(-fsanitize=${TT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TT_SANITIZE})
endif()
