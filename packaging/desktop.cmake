# The window: program, menu entry, software centre, icons, type of our graphs, manual page.
install(TARGETS tinytranscoder)

configure_file(desktop/${TT_APP_ID}.metainfo.xml.in ${TT_APP_ID}.metainfo.xml @ONLY)
install(FILES desktop/${TT_APP_ID}.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${TT_APP_ID}.metainfo.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo)
install(FILES desktop/tinytranscoder.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/mime/packages)

configure_file(man/tinytranscoder.1.in tinytranscoder.1 @ONLY)
tt_compress(tinytranscoder.1)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tinytranscoder.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

add_executable(tt_render_icon render_icon.cpp)
target_link_libraries(tt_render_icon PRIVATE tt_warnings Qt6::Gui Qt6::Svg)
# tt_icon(CATEGORY NAME): an SVG of resources/icons in the sizes that desktops look for
function(tt_icon category name)
  set(icons ${CMAKE_INSTALL_DATADIR}/icons/hicolor)
  set(svg ${PROJECT_SOURCE_DIR}/resources/icons/${name}.svg)
  foreach(size 16 22 24 32 48 64 128 256)
    set(png ${name}-${size}.png)
    tt_generate(${png} DEPENDS tt_render_icon ${svg} COMMAND tt_render_icon ${svg} ${size} ${png})
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${png} DESTINATION ${icons}/${size}x${size}/${category} RENAME ${name}.png)
  endforeach()
  install(FILES ${svg} DESTINATION ${icons}/scalable/${category})
  set(TT_GENERATED ${TT_GENERATED} PARENT_SCOPE)
endfunction()
tt_icon(apps tinytranscoder)
tt_icon(mimetypes tinytranscoder-graph)

# Only packaging/screenshots needs it.
add_executable(tt_screenshots EXCLUDE_FROM_ALL screenshots.cpp)
target_link_libraries(tt_screenshots PRIVATE tt_warnings tt_session)
