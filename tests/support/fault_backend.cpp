#include "fault_backend.hpp"
