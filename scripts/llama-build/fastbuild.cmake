# Included by llama.cpp right after its project() call (-DCMAKE_PROJECT_llama.cpp_INCLUDE=<this file>).
# It brings 14 minutes on two cores down to 4, and keeps the AMX kernels working under an old GCC.

# The common library serves llama.cpp's own tools; the Python bindings force it on and do not use it.
set(LLAMA_BUILD_COMMON OFF CACHE BOOL "" FORCE)

# libllama is ~150 small model files that include the same headers: compiled as one, they cost a third.
# ggml-cpu stays as it is: its AMX files do not compile as a unity build.
cmake_language(DEFER CALL set_target_properties llama PROPERTIES UNITY_BUILD ON)

# See gcc_amx_fix.h. As an option here, not in CMAKE_CXX_FLAGS: those break on a path with a space.
add_compile_options("$<$<COMPILE_LANG_AND_ID:CXX,GNU>:SHELL:-include \"${CMAKE_CURRENT_LIST_DIR}/gcc_amx_fix.h\">")

# What follows is for the wheel that runs on other machines (scripts/portable_wheel.py).
if(GGML_BACKEND_DL)
    # One file a library: wheels have no symbolic links, and would carry each three times.
    cmake_language(DEFER CALL set_property TARGET llama ggml ggml-base PROPERTY VERSION)
    cmake_language(DEFER CALL set_property TARGET llama ggml ggml-base PROPERTY SOVERSION)
    if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
        add_link_options(-s)
        set(CMAKE_INSTALL_RPATH "$ORIGIN")
    elseif(APPLE)
        set(CMAKE_INSTALL_RPATH "@loader_path")
    endif()
endif()
