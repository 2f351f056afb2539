// SPDX-License-Identifier: GPL-2.0
// Documents of apply in YAML and JSON: what is taken comes out of save in either form and is read back as the
// same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <nlohmann/json.hpp>

#include "weiradm/document.h"
#include "weiradm/reconcile.h"
#include "weiradm/yaml.h"

using namespace weir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string text(reinterpret_cast<const char*>(data), size);
    if (text.find("-A") != std::string::npos || text.find("add-s") != std::string::npos ||
        text.find("adm ") != std::string::npos)
        return 0; // commands: fuzz-weiradm-restore's
    auto document = parse_document(text);
    if (!document)
        return 0;
    Json json = document_json(*document);
    auto from_yaml = parse_document(yaml_from_json(json));
    auto from_json = parse_document(to_text(json));
    if (!from_yaml || document_json(*from_yaml) != json || !from_json || document_json(*from_json) != json)
        std::abort();
    auto changes = reconcile(document->services, from_yaml->services, "");
    for (const Service& service : document->services)
        if (!service.owner.empty())
            return 0;
    if (!changes || !changes->empty())
        std::abort();
    return 0;
}
