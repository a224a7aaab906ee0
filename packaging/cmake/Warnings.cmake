# Warnings and sanitizers that every target of ours gets: target_link_libraries(x PRIVATE tt_warnings).
add_library(tt_warnings INTERFACE)
# -Wrestrict: GCC 12 sees overlaps in std::string that are not there.
target_compile_options(tt_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                                             -Woverloaded-virtual -Wno-missing-field-initializers
                                             -Wimplicit-fallthrough -Wno-restrict)
if(TT_WERROR)
  # What GCC 12 only guesses from the flow of optimised code is shown, not fatal.
  target_compile_options(tt_warnings INTERFACE -Werror -Wno-error=maybe-uninitialized -Wno-error=array-bounds
                                               -Wno-error=stringop-overflow -Wno-error=stringop-overread)
endif()
if(TT_SANITIZE)
  add_compile_options(-fsanitize=${TT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TT_SANITIZE})
endif()
