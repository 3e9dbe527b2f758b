// fault_backend.hpp: placeholder until the io layer lands.
#pragma once
